"""The routes about documents, consents and words: the least that each write takes, and a story that makes each once."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.worlds import local_today

NOW = datetime.now(UTC).isoformat()
SOON = (local_today() + timedelta(days=14)).isoformat()
TO_PPR = {"kind": "department", "id": "{ppr_id}"}
FROM_HEALTH = {"kind": "department", "id": "{sundhed_id}"}
SHARED = {"recipient": TO_PPR, "purpose": "planning"}
DUE = {"due_on": SOON}
ASKED = {
    "subject_id": "{holder_id}",
    "holder": FROM_HEALTH,
    "what": "Helbred",
    "why": "Udredning.",
    "category": "health",
    "purpose": "planning",
    **DUE,
}
BODIES: dict[str, dict[str, Any]] = {
    # as in test_routes
    "create_folder": {"name": "Skole"},
    "rename_folder": {"name": "Skole og PPR"},
    "mark_folder": {"explicit_only": True},
    "share_folder": SHARED,
    "change_document": {"title": "Ny titel"},
    "review_document": {"relevance": "relevant"},
    "approve_document": {},
    "share_document": SHARED,
    "revoke_share": {"reason": "Ikke længere."},
    "withhold_document": {"member_id": "{holder_id}", "reason": "Hensyn.", "legal_reference_id": "{withhold_law_id}"},
    "end_withholding": {},
    "draft_consent": {
        "subject_id": "{holder_id}",
        "purpose": "planning",
        "recipients": [TO_PPR],
        "sources": [FROM_HEALTH],
        "categories": ["social", "health"],
        "folder_ids": ["{folder_id}"],
        "text": "Må vi dele det med PPR?",
    },
    "change_consent": {"text": "Må vi dele det med PPR og sundhedsplejen?"},
    "request_consent": {},
    "sign_consent": {"answer": "approved"},
    "withdraw_consent": {},
    "cancel_consent": {"reason": "Ikke længere nødvendigt."},
    "record_statutory_basis": {
        "subject_id": "{holder_id}",
        "purpose": "support",
        "recipients": [TO_PPR],
        "categories": ["school"],
        "legal_reference_id": "{share_law_id}",
        "reason": "Akut bekymring.",
        "expires_on": SOON,
    },
    "review_statutory_basis": {"decision": "approved", "note": "Rimeligt."},
    "end_statutory_basis": {"reason": "Ikke længere."},
    "add_legal_reference": {
        "code": "local_rule",
        "use": "share",
        "title": "Lokal regel",
        "citation": "§ 1",
        "valid_from": "2026-01-01",
    },
    "end_legal_reference": {"valid_until": SOON},
    "invite_guest": {
        "user_id": "{visitor_id}",
        "kind": "network",
        "reason": "Møde.",
        "opens_at": NOW,
        "closes_at": (datetime.now(UTC) + timedelta(days=1)).isoformat(),
    },
    "end_guest": {},
    "open_emergency_access": {"reason": "Barnet er indlagt."},
    "close_emergency_access": {},
    "review_emergency_access": {"note": "Gennemgået."},
    "restrict_case": {"reason": "En indsigelse."},
    "end_restriction": {"reason": "Afklaret."},
    "ask_information": ASKED,
    "change_information_request": {"what": "Helbred og trivsel"},
    "decline_information_request": {"note": "Findes ikke her."},
    "cancel_information_request": {"note": "Ikke længere nødvendigt."},
    "make_application": {"member_id": "{child_id}", "title": "Merudgifter", "authority": "Kommunen"},
    "change_application": {"title": "Dækning af merudgifter"},
    "set_application_status": {"status": "submitted"},
    "make_statement": {"title": "Mit liv", "body": "Det er svært.", "audience": "team"},
    "add_statement_words": {"body": "Det går bedre."},
    "set_statement_scope": {"audience": "coordinator"},
}
UPLOADS: dict[str, dict[str, Any]] = {
    # the writes that take a file: their details
    "add_document": {"title": "Notat", "category": "social", "subjects": ["{holder_id}"]},
    "add_document_version": {"based_on": 1},
    "fulfil_information_request": {"title": "Helbred"},
}
EMITTED: dict[str, int] = {
    # how many events, where it is not one
    "sign_consent": 2,  # and with the last signature it is granted
    "fulfil_information_request": 2,  # and the document is added
}
STORY: tuple[tuple[str, str, dict[str, Any] | str | None, str], ...] = (
    ("create_folder", "coordinator", None, "folder_id"),
    ("rename_folder", "coordinator", None, ""),
    ("mark_folder", "mother", None, ""),
    ("add_document", "coordinator", None, "document_id"),
    ("add_document_version", "coordinator", None, ""),
    ("change_document", "coordinator", None, ""),
    ("review_document", "coordinator", None, ""),
    ("draft_consent", "coordinator", None, "consent_id"),
    ("change_consent", "coordinator", None, ""),
    ("request_consent", "coordinator", None, ""),
    ("sign_consent", "mother", None, ""),
    ("share_document", "coordinator", None, "share_id"),
    ("revoke_share", "coordinator", None, ""),
    ("share_folder", "coordinator", None, ""),
    ("withhold_document", "coordinator", None, "withholding_id"),
    ("end_withholding", "coordinator", None, ""),
    ("approve_document", "coordinator", None, ""),
    ("record_statutory_basis", "coordinator", None, "basis_id"),
    ("review_statutory_basis", "head", None, ""),
    ("end_statutory_basis", "coordinator", None, ""),
    ("invite_guest", "coordinator", None, "guest_id"),
    ("end_guest", "coordinator", None, ""),
    ("open_emergency_access", "psychologist", None, "emergency_id"),
    ("close_emergency_access", "psychologist", None, ""),
    ("review_emergency_access", "head", None, ""),
    ("restrict_case", "head", None, ""),
    ("end_restriction", "head", None, ""),
    ("ask_information", "coordinator", None, "request_id"),
    ("change_information_request", "coordinator", None, ""),
    ("fulfil_information_request", "visitor", None, ""),
    ("ask_information", "coordinator", None, "request_id"),
    ("decline_information_request", "visitor", None, ""),
    ("ask_information", "coordinator", None, "request_id"),
    ("cancel_information_request", "coordinator", None, ""),
    ("make_application", "coordinator", None, "application_id"),
    ("change_application", "coordinator", None, ""),
    ("set_application_status", "coordinator", None, ""),
    ("make_statement", "mother", None, "statement_id"),
    ("add_statement_words", "mother", None, ""),
    ("set_statement_scope", "mother", None, ""),
    ("withdraw_consent", "mother", None, ""),
    ("draft_consent", "coordinator", None, "consent_id"),
    ("cancel_consent", "coordinator", None, ""),
    ("add_legal_reference", "administrator", None, "reference_id"),
    ("end_legal_reference", "administrator", None, ""),
)
OF_PAPERS = {
    "folder_id": "folder",
    "document_id": "document",
    "version_id": "document_version",
    "consent_id": "consent",
    "basis_id": "statutory_basis",
    "share_id": "share",
    "guest_id": "guest",
    "withholding_id": "withholding",
    "emergency_id": "emergency_access",
    "restriction_id": "restriction",
    "request_id": "information_request",
    "application_id": "application",
    "statement_id": "statement",
}
"""The name of the place in a path, and the resource of the scene that stands there."""
VISITED = ("get_guest", "list_guests", "get_information_request", "list_information_requests")
VISITED += ("list_my_information_requests", "decline_information_request", "fulfil_information_request")
"""What the guest of the case, whose department is asked for information, does of it."""
