"""What should be looked at in a case (R82, R84, R107, R109, R141): flags, for those who work on it."""

from sqlalchemy import ColumnElement, bindparam, func, select

from app.db import columns, table_of
from app.models import Case, ContactPreference, CoverageCheck, Department, RoleAgreement, TeamMember
from app.policy.actor import ACTOR
from app.policy.caseload import helped
from app.policy.cases import INSIDE, STAFF, cases, contact, in_team_today, joined, with_contact
from app.policy.core import Policy
from app.policy.municipalities import setting
from app.policy.preferences import counts
from app.policy.rules import UUID_TYPE, Expression, is_one, mine, some
from app.policy.teams import missing_sets

case, team, department = columns(Case), columns(TeamMember), columns(Department)
check, agreement, preference = columns(CoverageCheck), columns(RoleAgreement), columns(ContactPreference)
owner = table_of(Department).alias("owner")


def _in_team(*conditions: Expression) -> ColumnElement[int]:
    """How many are in the core team today, and needed."""
    here = (mine(table_of(TeamMember)), team.case_id == case.id, team.relevant, in_team_today())
    found = select(func.count()).select_from(table_of(TeamMember)).where(*here, *conditions)
    return found.correlate_except(table_of(TeamMember)).scalar_subquery()


def _lacks_knowledge() -> Expression:
    """A sector in the team is neither the owner department's nor one that the coordinator knows well (R107).

    Somebody who has filled in nothing about herself is not said to know nothing.
    """
    known = contact.c.competences["cross_administration"]
    unknown = some(
        table_of(Department),
        department.id == team.department_id,
        ~is_one(department.sector, "administration", "other"),
        ~known.contains(func.to_jsonb(department.sector)),
        department.sector != owner.c.sector,
    )
    return (func.jsonb_typeof(known) == "array") & (_in_team(unknown) > 0)


absent = ~contact.c.active | func.coalesce(contact.c.absent_until > ACTOR.today, False)
agreed = (agreement.case_id == case.id) & agreement.ended_at.is_(None) & (agreement.review_on <= ACTOR.today)
wished = (preference.case_id == case.id) & counts() & (preference.review_on <= ACTOR.today)

case_warnings = Policy(
    name="case_warning",
    table=table_of(Case),
    source=joined(with_contact(table_of(Case)), owner, case.owner_department_id),
    columns={
        "id": case.id,
        "coordinator_absent": func.coalesce(absent, False),
        "single_person": (setting("contact", "deputy_required") != "off") & ~helped(),
        "coverage_missing": ~some(table_of(CoverageCheck), check.case_id == case.id),
        "paragraph_sets_missing": func.cardinality(missing_sets()) > 0,
        "team_member_only_one": _in_team() < 2,
        "coordinator_lacks_knowledge": _lacks_knowledge(),
        "preference_review_due": some(table_of(ContactPreference), wished),
        "role_agreement_review_due": some(table_of(RoleAgreement), agreed),
    },
    read={"professional": STAFF},
    filters={
        "case_id": case.id == bindparam("case_id", type_=UUID_TYPE),
        "worked_on": ~is_one(case.state, "draft", "closed"),
    },
    veiled={f"{name}_review_due": {"professional": INSIDE} for name in ("preference", "role_agreement")},
    case_id=case.id,
    scope="case_id",
    parent=cases,
)
