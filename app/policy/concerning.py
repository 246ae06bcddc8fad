"""What an event or a row of the log is about: told only to those who may read that.

Titles, counts and times tell as much as content: that a document was shared is for those who read the document. The
question is put to the policy of the thing itself, so that a withheld document, another parent's consent or a statutory
basis whose notice is pending is silent wherever it could be heard of.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import ColumnElement, any_, func, select, true
from sqlalchemy import case as when
from sqlalchemy.sql.selectable import FromClause, Join

from app.policy import applications, consents, contents, documents, folders, requests, sharing, voices
from app.policy.actor import Kind
from app.policy.cases import cases
from app.policy.core import Policy
from app.policy.rules import Expression, Grants, Rule, is_one, leaves, mine, probed

HEARD_OF: Final[Mapping[str, Policy]] = {
    "document": documents.documents,
    "folder": folders.folders,
    "consent": consents.consents,
    "statutory_basis": consents.statutory_bases,
    "share": sharing.shares,
    "guest": sharing.guests,
    "emergency": sharing.emergencies,
    "information": requests.information_requests,
    "application": applications.applications,
    "statement": voices.statements,
    "withholding": sharing.withholdings,
}
"""By the first word of an event's type, the policy that says who hears of it."""

THEIRS: Final[Grants] = {
    **documents.READ,
    "citizen": replace(documents.READ["citizen"], allow=documents.THEIRS.allow),
}
"""Who is told of looks at a document: of the family those whose own it is; what is shared with one is another's."""
LOOKED_AT: Final[Mapping[str, Policy]] = {
    policy.name: policy
    for policy in (
        replace(documents.documents, read=THEIRS),
        replace(contents.document_versions, read=THEIRS),  # of looks at what was there before, too
        folders.folders,
        sharing.shares,
        sharing.guests,
        sharing.withholdings,
        sharing.emergencies,
        consents.consents,
        consents.statutory_bases,
        consents.signatures,
        requests.information_requests,
        applications.applications,
        applications.application_statuses,
        voices.statements,
        voices.statement_versions,
    )
}
"""By the resource of a row in the log, the policy that says who is told of the look."""


MAKING: Final = (
    (documents.documents, ("add_document",)),
    (consents.consents, ("draft_consent",)),
    (consents.statutory_bases, ("use_statute",)),
    (requests.information_requests, ("ask_information",)),
    (voices.statements, ("make_statement",)),
    (sharing.shares, ("share", "share_folder")),
)
"""The actions on a case, a document or a folder that make something there, by the policy of what they make."""


def _readable(policy: Policy, kind: Kind, wanted: Expression) -> Expression:
    """In the case that is around it there is such a row, and this kind of reader may read it."""
    its_case: Any = policy.case_id == cases.table.c.id
    rows = select(1).select_from(_within_case(policy.ground)).where(mine(policy.table), its_case, wanted)
    rows = rows.where(probed(policy.grant(kind, "read").where))
    return rows.correlate_except(*leaves(_within_case(policy.ground))).exists()


def _within_case(source: FromClause) -> FromClause:
    """What a policy judges, without the case: that is the one around."""
    if not isinstance(source, Join):
        return source
    left = _within_case(source.left)
    if source.right is cases.table:
        return left
    return left.join(source.right, source.onclause, isouter=source.isouter)


def heard_of(kind: Kind, resource: ColumnElement[str], id: ColumnElement[Any]) -> Expression:
    """What happened is about something that this kind of reader may read; all else is judged elsewhere."""
    arms = [(resource == name, _readable(policy, kind, policy.table.c.id == id)) for name, policy in HEARD_OF.items()]
    return when(*arms, else_=true())


def looked_at(
    kind: Kind, resource: ColumnElement[str], ids: ColumnElement[Any], case_id: ColumnElement[Any]
) -> Expression:
    """The look was at something of the case that is this kind of reader's to know of, or was shown nothing at all."""
    arms = []
    for name, policy in LOOKED_AT.items():
        here = (policy.table.c.id == any_(ids)) & (policy.case_id == case_id)
        one_of_them = _readable(policy, kind, here)
        arms.append((resource == name, (func.cardinality(ids) == 0) | one_of_them))
    return when(*arms, else_=true())


def made(
    kind: Kind,
    action: ColumnElement[str],
    case_id: ColumnElement[Any],
    at: ColumnElement[Any],
    by: ColumnElement[Any],
) -> Expression:
    """What the action on the case made, at that instant by that actor, is something that this reader may read."""
    arms = []
    for policy, actions in MAKING:
        own = policy.table.c
        then = (own.case_id == case_id) & (own.created_at == at) & (own.created_by == by)
        arms.append((is_one(action, *actions), _readable(policy, kind, then)))
    return when(*arms, else_=true())


def about_what_one_may_read(kind: Kind, resource: ColumnElement[str], id: ColumnElement[Any]) -> Rule:
    """The rule of events for one kind of reader."""
    says = "What happened is about something that the reader may read."
    return Rule(f"readable_by_{kind}", says, heard_of(kind, resource, id))
