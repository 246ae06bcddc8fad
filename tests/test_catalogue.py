"""The shipped templates and labels, against tables typed here from the models and not read from the files."""

from collections import Counter
from importlib.resources import files
from string import Formatter
from typing import Any, get_args

import pytest
import yaml
from pydantic import ValidationError

from app.errors import LIMITS
from app.schemas.step_templates import (
    ActivityCode,
    CellName,
    Guard,
    PartyRole,
    Stage,
    StepTemplateDocument,
    TemplateModel,
    TemplateStep,
)
from app.services.catalogue import explained, label, labels, shipped_template

CELLS = ("purpose", "content", "participants", "responsible")

EFEI_TITLES = [
    "Sagsfordeling til familiekoordinator og oprettelse af kerneteam",
    "Udredning af familiens situation, behov og ønsker",
    "Indhentning af oplysninger",
    "Eventuelt tværfagligt og tværsektorielt analysemøde",
    "Dataflow og deling af oplysninger",
    "Opsamlende møde",
    "Fælles plan",
]
EFEI_PARTICIPANTS = [
    None,
    "Barnets/den unges familie, evt. barnet/den unge, familiekoordinator og kerneteam",
    None,
    "Familiekoordinator, kerneteam og øvrige relevante fagpersoner",
    None,
    "Barnet/den unge og familien, familiekoordinator, kerneteam og øvrige relevante fagpersoner",
    "Barnet/den unge og familien",
]
EFEI_RESPONSIBLE = [
    "Socialfaglig leder",
    "Familiekoordinator",
    "Familiekoordinator og kerneteam",
    "Familiekoordinator",
    "Familiekoordinator, kerneteam og øvrige relevante fagpersoner",
    "Familiekoordinator",
    "Familiekoordinator",
]
EFEI_PARTICIPANT_ROLES = [
    [],
    ["family", "child?", "coordinator", "core_team"],
    [],
    ["coordinator", "core_team", "other_professionals"],
    [],
    ["child", "family", "coordinator", "core_team", "other_professionals"],
    ["child", "family"],
]
EFEI_RESPONSIBLE_ROLES = [
    ["professional_head"],
    ["coordinator"],
    ["coordinator", "core_team"],
    ["coordinator"],
    ["coordinator", "core_team", "other_professionals"],
    ["coordinator"],
    ["coordinator"],
]
EFEI_BLANK = [(1, "content"), (1, "participants"), (3, "participants"), (5, "participants")]
EFEI_STAGES = [
    "team_established",
    "assessment",
    "assessment",
    "assessment",
    "competence_and_funding",
    "competence_and_funding",
    "goals_and_plan",
]
EFEI_REQUIRES = [("coordinator", "core_team", "coverage"), ("family_meeting",), (), (), (), ("perspectives",), ()]

SOF_TITLES = [
    "Sagsfordeling til rådgiver",
    "Forberedelse af opstartssamtale",
    "Opstartssamtale med barnet/den unge og familien",
    "Børnesamtale",
    "Indhentning af oplysninger",
    "Netværksmøde",
    "Fælles plan",
    "Løbende opfølgning",
]

ENUMERATIONS = {
    "case_model": "efei sof none",
    "case_state": "draft start_up running ordinary transition closed",
    "step_status": "planned started done skipped",
    "step_cell": "purpose content participants responsible",
    "stage": "team_established competence_and_funding assessment goals_and_plan direction follow_up status_meetings",
    "stage_status": "upcoming current done",
    "party_role": "family child coordinator core_team other_professionals professional_head",
    "step_guard": "coordinator core_team family_meeting perspectives contact_form coverage deputy",
    "actor_kind": "professional citizen service",
    "activity": "case_meetings contact plan_follow_up repeat_steps exit",
    "template_change": "added removed moved changed",
    "picture": "progress no_steps",
    "department_kind": "child_disability children_and_youth school_psychology health_care employment adult_authority"
    " family_treatment school day_care administration other",
    "sector": "social education health employment administration other",
    "profession": "social_adviser psychologist health_visitor speech_hearing_consultant family_therapist"
    " employment_social_worker adult_social_worker child_youth_social_worker teacher pedagogue physiotherapist"
    " occupational_therapist controller administrator other",
    "user_role": "member professional_head team_leader department_head development_consultant controller auditor"
    " administrator",
    "organisation_kind": "school day_care hospital therapy residence relief_care association general_practice other",
    "member_kind": "child adult network",
    "member_relation": "mother father parent step_parent sibling grandparent child foster_parent aunt_uncle friend"
    " neighbour volunteer other",
    "relation_kind": "parent step_parent foster_parent sibling half_sibling step_sibling grandparent aunt_uncle partner"
    " former_partner guardian friend other",
    "custody_kind": "joint sole temporary guardianship",
    "employment": "full_time part_time lost_earnings sick_leave unemployed student retired other",
    "custody_source": "civil_registry court agreement told_by_family other",
    "assignment_role": "coordinator primary_adviser buddy deputy",
    "team_member_kind": "permanent ad_hoc",
    "coordinated_by": "family adviser shared",
    "deviation_kind": "caseload_over_norm step_started_early paragraph_sets_missing contact_despite_agreement",
    "case_warning": "coordinator_absent single_person coverage_missing paragraph_sets_missing team_member_only_one"
    " coordinator_lacks_knowledge preference_review_due role_agreement_review_due",
    "concern_level": "low medium high acute",
    "complexity_level": "low medium high",
    "complexity_reason": "own_rating many_parties many_sectors",
    "complexity_suggestion": "buddy sof",
    "impairment": "significant_and_lasting invasive_chronic_or_long neither unclear",
    "target_group": "inside outside unclear",
    "contact_intensity": "close normal space",
    "contact_formality": "formal informal",
    "import_kind": "departments users cases",
    "import_flaw": "not-utf-8 nul-byte separator unreadable-csv no-header no-rows too-many-rows unknown-column"
    " missing-column"
    " duplicate-column ragged-row formula control-character required too-long invalid-value"
    " duplicate conflicting unknown-reference circular-reference inactive kind-fixed not-a-professional"
    " employed-outside own-account coordinator-not-child-disability kle-code-not-used no-template future",
    "import_status": "checked refused done discarded",
    "assignment_end_reason": "changed left_position other",
    "close_reason": "plan_completed family_moved family_declined transferred_adult not_in_target_group"
    " opened_in_error other",
    "meeting_kind": "assessment analysis gathering network status other",
    "meeting_status": "planned held cancelled",
    "contact_kind": "first_contact follow_up informal other",
    "contact_channel": "phone video visit meeting letter digital_post app other",
    "cadence_category": "measure compensating",
    "measure_category": "measure compensating",
    "measure_status": "planned started ended dropped",
    "cadence_unit": "weeks months",
    "attendee_kind": "family professional",
    "goal_end_state": "achieved partly not_achieved not_relevant",
    "stage_group": "start_up running",
    "callback_status": "waiting answered",
    "document_category": "health school social employment economy report minutes decision application own"
    " correspondence other",
    "relevance": "unreviewed relevant not_relevant",
    "share_purpose": "assessment planning support decision follow_up transition analysis",
    "recipient_kind": "user department organisation member",
    "source_kind": "department organisation",
    "consent_state": "draft requested active declined withdrawn expired superseded renewal_needed cancelled ended",
    "consent_answer": "approved declined withdrawn",
    "consent_given": "digital paper oral",
    "basis_kind": "consent statute",
    "statutory_state": "requested active declined withdrawn expired",
    "consent_lack": "not_asked awaiting_signatures declined ended newer_content other_scope not_shared",
    "access_kind": "professional service citizen department organisation",
    "consent_text": "categories document",
    "guest_kind": "network meeting",
    "review_decision": "approved rejected",
    "legal_use": "share withhold delay_notice",
    "information_request_status": "requested fulfilled declined cancelled",
    "application_status": "draft submitted in_progress granted partly_granted refused withdrawn",
    "ball_with": "family coordinator authority nobody",
    "statement_audience": "author coordinator team",
    "statement_given": "written told with_aids",
    "access_outcome": "read write refused failed",
    "attempt": "read list overview change leave explain",
    "setting_type": "text number bool code list date object",
    "legal_note": "no_advice",
    "setting_note": "no_effect",
    "event": "case.cycle_started"
    " document.shared document.unshared folder.shared folder.unshared guest.invited guest.ended"
    " emergency.opened emergency.closed emergency.reviewed case.restricted case.restriction_ended"
    " case.created case.changed case.allocated case.coordinator_changed case.state_changed case.closed"
    " step.started step.completed step.skipped step.changed team.member_added team.member_left meeting.planned"
    " meeting.held meeting.cancelled contact.recorded callback.requested callback.answered family.created"
    " member.added member.changed member.login_changed relation.added relation.ended custody.added"
    " custody.ended settings.changed step_template.published"
    " department.created department.changed user.created user.changed"
    " case.contact_unavailable organisation.created organisation.changed contact_person.added contact_person.changed"
    " standing_team.created standing_team.changed team_seat.added team_seat.left"
    " case.upgraded case.intake_changed case.complexity_rated case.moved_to_ordinary case.returned"
    " contact_preference.recorded concern.rated related_case.recorded related_case.ended"
    " measure.planned measure.changed measure.started measure.ended measure.dropped"
    " consent.drafted consent.changed consent.requested consent.signed consent.heard consent.declined consent.granted"
    " consent.withdrawn consent.expired consent.superseded consent.renewal_needed consent.cancelled consent.ended"
    " consent.reminder_due"
    " statutory_basis.recorded statutory_basis.approved statutory_basis.rejected statutory_basis.ended"
    " statutory_basis.expired legal_reference.added legal_reference.ended"
    " case.buddy_assigned case.deputy_assigned case.assignment_ended team.member_changed"
    " coverage_check.recorded role_agreement.agreed"
    " role_agreement.ended deviation.recorded"
    " import.created import.completed import.discarded method.published method.read"
    " information.requested information.changed information.fulfilled information.declined information.cancelled"
    " application.made application.changed application.status_changed"
    " statement.made statement.added_to statement.scope_changed"
    " document.added document.version_added document.changed document.reviewed document.approved"
    " withholding.recorded withholding.ended folder.created folder.renamed folder.marked folder.unmarked",
    "rule": "coordinator_of_case buddy_of_case core_team_member leads_owner_department opened_the_case custody_holder"
    " readable_by_professional readable_by_citizen readable_by_service"
    " the_child_itself own_record own_account same_municipality administrator auditor acts_for_owner_department"
    " asked_by_citizen about_the_case about_the_case_or_me about_the_case_or_inside not_another_persons colleague"
    " coordinator_in_family coordinator_in_open_case not_about_the_family not_anothers_workload core_team_in_family"
    " custody_of_the_child leads_family_department"
    " may_create_team"
    " own_custody registered_the_family works_in_child_disability"
    " named_by_reader between_my_own without_address_protection"
    " works_here leads_the_person heads_or_leads_a_team adviser_in_child_disability"
    " own_or_childs_case of_family_or_oneself own_or_childs_measure"
    " leads_the_adviser advises own_membership agreed_by_reader deviation_of_organisation"
    " leads_practice"
    " attached_to_the_case relevance_reviewed owner_department shared_on_consent shared_on_statute emergency_access"
    " current_content"
    " own_information custody_of_subject sealed_case anothers_own_note shows_protected_address withheld_from_reader"
    " explicit_consent_only uploaded_by_reader made_by_staff family_has_been_told recipient_of_share shared_by_reader"
    " folder_of_the_family guest_of_the_case opened_by_reader is_consent is_statutory must_sign is_heard"
    " about_me_or_my_child asked_for drafted_by_reader own_answer notice_given second_person"
    " acts_for_document_owner department_on_the_case document_read_by_professional document_read_by_citizen"
    " document_read_by_service own_share opened_by_another"
    " asked_of_reader asked_of_reader_on_a_basis asked_by_reader receives_for_organisation"
    " asked_about_me_or_my_child family_told_of_request applied_for_me_or_my_child own_words"
    " childs_words_for_custody words_for_the_reader wrote_it_down wrote_it_down_for_one_without_login"
    " obtained_before_notice kept_by_the_family",
    "resource": "cycle activity family member custody relation case step assignment team_member meeting contact"
    " callback event access_log user"
    " department settings step_template"
    " organisation contact_person standing_team team_seat"
    " contact_preference concern related_case complexity case_warning measure"
    " candidate coverage_check role_agreement deviation caseload"
    " restriction case_access consent_gap import method"
    " consent statutory_basis signature folder document document_version share guest withholding emergency_access"
    " legal_reference"
    " information_request application application_status statement statement_version",
    "resource_list": "cycle activity family member custody relation case step assignment team_member meeting contact"
    " callback event access_log"
    " user department settings step_template"
    " organisation contact_person standing_team team_seat"
    " contact_preference concern related_case complexity case_warning measure"
    " candidate coverage_check role_agreement deviation caseload"
    " restriction case_access consent_gap import method"
    " consent statutory_basis signature folder document document_version share guest withholding emergency_access"
    " legal_reference"
    " information_request application application_status statement statement_version",
    "told": "opened unexplained refused failed staff professional service citizen me by_consent by_statute day",
    "deed": "read list overview list_empty open_case own_cases leave change assign_coordinator change_state work_step"
    " change_team"
    " plan_meeting hold_meeting record_contact ask_callback answer_callback add_member change_member set_custody"
    " note_capability configure set_relation set_login search_members"
    " keep_partners keep_teams set_norm change_me"
    " note_intake rate_concern rate_complexity relate_case end_related_case prefer_contact plan_measure work_measure"
    " assign_helper end_assignment check_coverage agree_roles end_agreement change_membership describe_role"
    " carry_out discard publish_method confirm_reading see_coverage"
    " add_folder rename_folder mark_explicit share_folder add_document change_document add_version review_relevance"
    " approve_document download share revoke withhold end_withholding draft_consent change_consent request_consent sign"
    " cancel_consent withdraw use_statute review_basis end_basis invite_guest end_visit open_emergency close_emergency"
    " review_emergency ask_information keep_application make_statement seal"
    " change_request cancel_request decline_request fulfil_request work_application add_words set_scope",
    "action": "read list overview open_case own_cases leave change assign_coordinator change_state work_step"
    " change_team"
    " plan_meeting hold_meeting record_contact ask_callback answer_callback add_member change_member set_custody"
    " note_capability configure set_relation set_login search_members"
    " keep_partners keep_teams set_norm change_me"
    " note_intake rate_concern rate_complexity relate_case end_related_case prefer_contact plan_measure work_measure"
    " assign_helper end_assignment check_coverage agree_roles end_agreement change_membership describe_role"
    " carry_out discard publish_method confirm_reading see_coverage"
    " add_folder rename_folder mark_explicit share_folder add_document change_document add_version review_relevance"
    " approve_document download share revoke withhold end_withholding draft_consent change_consent request_consent sign"
    " cancel_consent withdraw use_statute review_basis end_basis invite_guest end_visit open_emergency close_emergency"
    " review_emergency ask_information keep_application make_statement seal"
    " change_request cancel_request decline_request fulfil_request work_application add_words set_scope",
    "flaw": "etag-needed etag-stale key-needed key-used too-many-bytes consent-not-asked"
    " consent-awaiting-signatures consent-declined consent-ended consent-newer-content"
    " consent-other-scope"
    " consent-names-no-folder recipient-is-you not-around-meeting"
    " invalid missing extra_forbidden model_type model_attributes_type list_type tuple_type too_short"
    " too_long literal_error bool_type bool_parsing int_type int_parsing int_parsing_size int_from_float"
    " finite_number greater_than_equal less_than_equal string_type string_too_short string_too_long"
    " string_unicode string_pattern_mismatch control-characters uuid_type uuid_parsing date_type date-as-text"
    " date-format date_parsing date_from_datetime_parsing date_from_datetime_inexact datetime_type"
    " datetime_parsing datetime_from_date_parsing timezone_aware year-out-of-range cursor too-many-filters"
    " key too-long-or-unprintable required not-here not-yourself past future only-professionals another-model"
    " step named-once blank-cell-is-suggestion blank-cell-has-no-parties numbered-in-order"
    " meeting-kinds-of-model conversation-stays heard-after-signing signs-after-of-age"
    " part-order part-twice file-empty beyond-a-year beyond-five-years not-asked-to-sign given-oneself"
    " default-kle-code-not-used target-above-maximum",
    "problem": "case-not-running nothing-to-repeat step-in-use"
    " consent-missing recipient-is-you document-unreviewed already-shared share-revoked already-guest already-inside"
    " visit-over visit-too-long of-owner-department emergency-open emergency-over emergency-reviewed case-restricted"
    " emergency-limit"
    " case-not-restricted"
    " bad-request unreadable-json not-found forbidden conflict validation-failed token-missing token-invalid"
    " token-expired unknown-account method-not-allowed unsupported-media-type body-too-large rate-limited"
    " precondition-required precondition-failed idempotency-key-required idempotency-key-reused"
    " idempotency-key-running identity-provider-unavailable storage-unavailable internal-error"
    " coordinator-not-child-disability coordinator-exists coordinator-missing step-blocked step-not-open"
    " step-not-optional step-requirements-missing case-read-only transition-not-allowed case-not-ready already-member"
    " not-a-professional no-template meeting-not-planned no-family-participant already-exists unknown-reference"
    " template-changed has-children"
    " same-person born-too-late parents-in-circle relation-ended custody-not-joint cpr-number cpr-birth-date"
    " not-in-use paragraph-set-not-used employed-outside"
    " light-cases-not-used case-follows-model"
    " already-seated citizen-with-family"
    " team-mode paragraph-sets-missing caseload-over-norm helper-exists case-not-complex coordinator-only-replaced"
    " family-coordinates"
    " kle-code-not-used import-running import-finished import-changed method-changed method-superseded"
    " consent-not-draft consent-not-requested consent-given consent-closed already-answered nobody-to-sign"
    " basis-reviewed basis-closed"
    " assessment-not-done analysis-meeting-missing measure-not-planned measure-not-started"
    " unreadable-multipart media-type-refused range-not-satisfiable document-approved document-version-changed"
    " folder-explicit-only folder-too-deep not-your-department withholding-ended"
    " information-request-closed application-closed application-status-not-next",
}


def roles(step: TemplateStep, cell: str) -> list[str]:
    """The roles of a cell in order; a question mark follows the optional ones."""
    return [party.role + "?" * party.optional for party in getattr(step, cell).parties]


def step(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A well-formed step, as plain data."""
    blank = {"text": None, "suggestion": True}
    people = {"text": "Familien", "suggestion": True, "parties": [{"role": "family", "optional": False}]}
    return {
        "number": number,
        "title": "Et skridt",
        "stage": None,
        "optional": False,
        "repeatable": False,
        "requires": [],
        "purpose": {"text": "Et formål", "suggestion": False},
        "content": blank,
        "participants": people,
        "responsible": blank | {"parties": []},
    } | changes


def document(*steps: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"model": "efei", "name": "En skabelon", "steps": list(steps)} | changes


def cell(text: object, suggestion: object = True, **more: Any) -> dict[str, Any]:
    return {"text": text, "suggestion": suggestion} | more


def people(*codes: str, text: str | None = "Familien") -> dict[str, Any]:
    return cell(text, parties=[{"role": code, "optional": False} for code in codes])


class TestEfei:
    @pytest.fixture
    def template(self) -> StepTemplateDocument:
        return shipped_template("efei")

    def test_seven_steps_with_the_models_titles(self, template: StepTemplateDocument) -> None:
        assert (template.model, template.name) == ("efei", "Opstart af sag")
        assert [(step.number, step.title) for step in template.steps] == list(enumerate(EFEI_TITLES, 1))

    def test_participants_and_responsible_in_the_models_words(self, template: StepTemplateDocument) -> None:
        assert [step.participants.text for step in template.steps] == EFEI_PARTICIPANTS
        assert [step.responsible.text for step in template.steps] == EFEI_RESPONSIBLE

    def test_parties_and_who_is_optional(self, template: StepTemplateDocument) -> None:
        assert [roles(step, "participants") for step in template.steps] == EFEI_PARTICIPANT_ROLES
        assert [roles(step, "responsible") for step in template.steps] == EFEI_RESPONSIBLE_ROLES

    def test_every_cell_is_a_suggestion_and_the_open_ones_are_blank(self, template: StepTemplateDocument) -> None:
        cells = {(s.number, name): c for s in template.steps for name, c in s.cells().items()}
        assert len(cells) == 7 * 4
        assert all(c.suggestion for c in cells.values())
        assert [place for place, c in cells.items() if c.text is None] == EFEI_BLANK

    def test_unfilled_names_the_blank_cells_in_the_order_of_the_table(self, template: StepTemplateDocument) -> None:
        assert template.unfilled() == EFEI_BLANK

    def test_only_the_analysis_meeting_is_optional_and_nothing_repeats(self, template: StepTemplateDocument) -> None:
        assert [step.number for step in template.steps if step.optional] == [4]
        assert not any(step.repeatable for step in template.steps)

    def test_steps_have_names_of_their_own_and_the_running_case_is_drawn_as_stages(
        self, template: StepTemplateDocument
    ) -> None:
        keys = "allocation assessment information analysis_meeting sharing gathering_meeting plan"
        assert [step.key for step in template.steps] == keys.split()
        assert template.activities == ()

    def test_stages_and_guards(self, template: StepTemplateDocument) -> None:
        assert [step.stage for step in template.steps] == EFEI_STAGES
        assert [step.requires for step in template.steps] == EFEI_REQUIRES

    @pytest.mark.parametrize(
        ("number", "name", "words"),
        [
            (1, "purpose", ["sammen", "første dag"]),
            (2, "purpose", ["ønsker", "vigtigst"]),
            (2, "content", ["udredningsmøde", "ICS kan"]),
            (3, "content", ["samtykke"]),
            (4, "content", ["udredningsmødet"]),
            (5, "purpose", ["afgørelser"]),
            (5, "content", ["§50-undersøgelse", "PPV", "sundhedsfaglige vurderinger", "samtykke"]),
            (6, "purpose", ["afgjort", "indsatser eller foranstaltninger", "fælles plan"]),
            (6, "content", ["barnet eller den unge og familien"]),
            (7, "content", ["Rådgiveren", "familien ønsker og har brug for"]),
        ],
    )
    def test_each_cell_stands_in_its_own_row(
        self, template: StepTemplateDocument, number: int, name: CellName, words: list[str]
    ) -> None:
        text = template.steps[number - 1].cells()[name].text
        assert text is not None
        assert [word for word in words if word not in text] == []


class TestSof:
    @pytest.fixture
    def template(self) -> StepTemplateDocument:
        return shipped_template("sof")

    def test_eight_steps_with_the_models_titles(self, template: StepTemplateDocument) -> None:
        assert (template.model, template.name) == ("sof", "Sagsforløb, Sammen om familien")
        assert [(step.number, step.title) for step in template.steps] == list(enumerate(SOF_TITLES, 1))

    def test_all_but_the_first_step_repeat_and_none_is_optional(self, template: StepTemplateDocument) -> None:
        assert [step.number for step in template.steps if step.repeatable] == [2, 3, 4, 5, 6, 7, 8]
        assert not any(step.optional for step in template.steps)

    def test_two_steps_have_a_guard_and_none_has_a_stage(self, template: StepTemplateDocument) -> None:
        """The allocation, and the start conversation, where the form of contact is agreed (R139)."""
        assert [step.requires for step in template.steps] == [("coordinator",), (), ("contact_form",), *[()] * 5]
        assert {step.stage for step in template.steps} == {None}

    def test_the_running_case_has_the_five_activities_in_the_models_order(self, template: StepTemplateDocument) -> None:
        """R59, X21."""
        assert [one.code for one in template.activities] == list(get_args(ActivityCode))
        assert [step.key for step in template.steps if not step.repeatable] == ["allocation"]

    def test_every_cell_is_blank_and_reported(self, template: StepTemplateDocument) -> None:
        assert template.unfilled() == [(number, name) for number in range(1, 9) for name in CELLS]
        assert all(c.suggestion for step in template.steps for c in step.cells().values())


class TestMalformedTemplates:
    def test_the_well_formed_one_is_accepted(self) -> None:
        template = StepTemplateDocument.model_validate(document(step(1), step(2)))
        assert template.unfilled() == [(1, "content"), (1, "responsible"), (2, "content"), (2, "responsible")]

    @pytest.mark.parametrize(
        "changes",
        [
            {"stage": "direction"},
            {"stage": ""},
            {"requires": ["everything"]},
            {"requires": ["core_team", "core_team"]},
            {"requires": None},
            {"number": "1"},
            {"number": True},
            {"title": "   "},
            {"title": None},
            {"title": "x" * 201},
            {"optional": "no"},
            {"repeatable": 1},
            {"unknown": 1},
            {"purpose": cell(None, suggestion=False)},
            {"purpose": cell("")},
            {"purpose": cell(" \n ")},
            {"purpose": cell("x" * 4001)},
            {"purpose": cell("a\x00b")},
            {"purpose": cell(7)},
            {"purpose": cell("Et formål", suggestion="yes")},
            {"purpose": cell("Et formål", parties=[])},
            {"purpose": {"text": "Et formål"}},
            {"purpose": {"suggestion": True}},
            {"participants": cell("Familien")},
            {"participants": people("neighbour")},
            {"participants": people("family", "family")},
            {"participants": people("family", text=None)},
            {"participants": cell("Familien", parties=[{"role": "family"}])},
        ],
    )
    def test_a_malformed_step_is_refused(self, changes: dict[str, Any]) -> None:
        with pytest.raises(ValidationError):
            StepTemplateDocument.model_validate(document(step(**changes)))

    @pytest.mark.parametrize("field", list(step()))
    def test_a_step_with_a_missing_field_is_refused(self, field: str) -> None:
        partial = {name: value for name, value in step().items() if name != field}
        with pytest.raises(ValidationError):
            StepTemplateDocument.model_validate(document(partial))

    @pytest.mark.parametrize("numbers", [[], [0], [2], [1, 3], [1, 1], [2, 1], [0, 1], [-1], list(range(1, 52))])
    def test_numbers_run_from_one_without_gaps(self, numbers: list[int]) -> None:
        with pytest.raises(ValidationError):
            StepTemplateDocument.model_validate(document(*map(step, numbers)))

    @pytest.mark.parametrize("changes", [{"model": "none"}, {"model": None}, {"name": ""}, {"version": 1}])
    def test_a_malformed_document_is_refused(self, changes: dict[str, Any]) -> None:
        with pytest.raises(ValidationError):
            StepTemplateDocument.model_validate(document(step(), **changes))

    def test_steps_from_before_there_were_keys_are_called_by_their_number(self) -> None:
        template = StepTemplateDocument.model_validate(document(step(1), step(2, key="plan")))
        assert [one.key for one in template.steps] == ["step_1", "plan"]

    @pytest.mark.parametrize("key", ["", "Plan", "1_plan", "a" * 41, "æ", "plan\n", None, 1])
    def test_a_key_is_a_plain_word(self, key: object) -> None:
        with pytest.raises(ValidationError):
            StepTemplateDocument.model_validate(document(step(key=key)))

    def test_a_key_is_one_step_and_an_activity_stands_once(self) -> None:
        exit_ = {"code": "exit", "title": "Farvel"}
        for twice in (
            document(step(1, key="plan"), step(2, key="plan")),
            document(step(1, key="step_2"), step(2)),
            document(step(), activities=[exit_, exit_ | {"title": "Igen"}]),
            document(step(), activities=[{"code": "party", "title": "Fest"}]),
        ):
            with pytest.raises(ValidationError):
                StepTemplateDocument.model_validate(twice)

    def test_text_is_stripped_and_may_fill_the_limit(self) -> None:
        template = StepTemplateDocument.model_validate(
            document(step(purpose=cell("  Først\nså\tdet  "), content=cell(" " + "æ" * 4000 + " ", suggestion=False)))
        )
        assert template.steps[0].purpose.text == "Først\nså\tdet"
        assert template.steps[0].content.text == "æ" * 4000

    def test_a_template_cannot_be_changed(self) -> None:
        template = shipped_template("efei")
        with pytest.raises(ValidationError):
            template.name = "Noget andet"  # type: ignore[misc]
        with pytest.raises(ValidationError):
            template.steps[0].purpose.text = None  # type: ignore[misc]

    def test_a_template_survives_being_stored(self) -> None:
        for model in get_args(TemplateModel):
            template = shipped_template(model)
            assert StepTemplateDocument.model_validate_json(template.model_dump_json()) == template


class TestLabels:
    @pytest.mark.parametrize("enumeration", list(ENUMERATIONS))
    def test_every_code_has_a_label(self, enumeration: str) -> None:
        expected, found = set(ENUMERATIONS[enumeration].split()), set(labels()[enumeration])
        assert expected - found == set()
        assert found == expected or enumeration == "problem"

    def test_there_are_no_other_enumerations(self) -> None:
        assert set(labels()) == set(ENUMERATIONS)

    def test_every_label_is_in_danish_and_english(self) -> None:
        words = {(name, code): words for name, codes in labels().items() for code, words in codes.items()}
        assert [place for place, each in words.items() if set(each) != {"da", "en"}] == []
        assert [
            place for place, each in words.items() for text in each.values() if text.strip() != text or not text
        ] == []

    def test_no_two_codes_of_an_enumeration_read_the_same(self) -> None:
        shown = Counter((name, lang, t) for name, c in labels().items() for w in c.values() for lang, t in w.items())
        assert [place for place, times in shown.items() if times > 1] == []

    def test_no_code_is_written_twice(self) -> None:
        """YAML keeps the last of two equal keys in silence."""
        tree = yaml.compose(files("app.templates").joinpath("labels.yaml").read_text(encoding="utf-8"))
        assert isinstance(tree, yaml.MappingNode)
        keys = [(name.value, code.value) for name, codes in tree.value for code, _ in codes.value]
        assert [key for key, times in Counter(keys).items() if times > 1] == []
        assert len({name for name, _ in keys}) == len(tree.value)

    @pytest.mark.parametrize("group", ["problem", "flaw"])
    def test_problems_are_one_sentence(self, group: str) -> None:
        titles = [text for words in labels()[group].values() for text in words.values()]
        assert [text for text in titles if text.count(".") != 1 or not text.endswith(".")] == []

    @pytest.mark.parametrize("model", get_args(TemplateModel))
    def test_every_code_in_a_template_has_a_label(self, model: TemplateModel) -> None:
        for each in shipped_template(model).steps:
            assert each.stage is None or each.stage in labels()["stage"]
            assert set(each.requires) <= set(labels()["step_guard"])
            assert {p.role for c in (each.participants, each.responsible) for p in c.parties} <= set(
                labels()["party_role"]
            )

    def test_every_code_a_template_may_use_has_a_label(self) -> None:
        assert set(get_args(Stage)) <= set(labels()["stage"])
        assert set(get_args(Guard)) == set(labels()["step_guard"])
        assert set(get_args(ActivityCode)) == set(labels()["activity"])
        assert set(get_args(PartyRole)) == set(labels()["party_role"])
        assert set(get_args(TemplateModel)) <= set(labels()["case_model"])
        assert get_args(CellName) == tuple(labels()["step_cell"]) == CELLS

    def test_a_label_is_looked_up_by_language(self) -> None:
        assert label("meeting_kind", "gathering", "da") == "Opsamlende møde"
        assert label("rule", "coordinator_of_case", "da") == "er jeres familiekoordinator"
        assert label("rule", "coordinator_of_case", "en") == "is your family coordinator"

    @pytest.mark.parametrize(
        ("code", "limits", "sentence"),
        [
            ("future", {}, "Dagen er ikke kommet endnu."),
            ("literal_error", {"expected": "efei, sof"}, "Vælg en af disse: efei, sof."),
            ("not-an-adult", {}, labels()["problem"]["not-an-adult"]["da"]),
            ("family_meeting", {}, labels()["step_guard"]["family_meeting"]["da"]),
            ("step-3", {}, "Skridt 3 er ikke gennemført."),
            ("never-heard-of", {"ge": "1"}, "Feltet er ikke udfyldt rigtigt."),
        ],
    )
    def test_a_flaw_is_explained(self, code: str, limits: dict[str, str], sentence: str) -> None:
        assert explained(code, limits, "da") == sentence

    def test_a_flaw_names_what_is_allowed_alike_in_every_language(self) -> None:
        for code, words in labels()["flaw"].items():
            named = {frozenset(name for _, name, _, _ in Formatter().parse(text) if name) for text in words.values()}
            assert len(named) == 1, code
            assert named.pop() <= {*LIMITS, "number", "category", "purpose", "most"}, code

    @pytest.mark.parametrize(
        "place", [("weather", "sunny", "da"), ("case_model", "sunny", "da"), ("case_model", "efei", "de")]
    )
    def test_an_unknown_label_is_a_key_error(self, place: tuple[str, str, str]) -> None:
        with pytest.raises(KeyError):
            label(*place)

    def test_labels_cannot_be_changed(self) -> None:
        for mapping in (labels(), labels()["case_model"], labels()["case_model"]["efei"]):
            with pytest.raises(TypeError):
                mapping["efei"] = "x"  # type: ignore[index]


@pytest.mark.parametrize("model", ["none", "", "../labels", "efei.yaml"])
def test_a_model_without_a_template_is_a_key_error(model: Any) -> None:
    with pytest.raises(KeyError):
        shipped_template(model)


def test_templates_and_labels_are_read_once() -> None:
    assert shipped_template("sof") is shipped_template("sof")
    assert labels() is labels()
