"""Cases: the rules that open one, and what each reader may do with it. Everything in a case builds on these."""

from functools import cache
from typing import Any

from sqlalchemy import BOOLEAN, TIMESTAMP, ColumnElement, Table, any_, bindparam, func, literal
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql.selectable import FromClause

from app.db import columns, table_of
from app.models import Assignment, Case, Custody, Department, Event, Member, Position, TeamMember, User
from app.policy.actor import ACTOR
from app.policy.core import Policy
from app.policy.rules import Expression, Grant, Grants, is_one, rule, some, those, word

case, member, custody = columns(Case), columns(Member), columns(Custody)
assignment, team, department = columns(Assignment), columns(TeamMember), columns(Department)


@cache
def in_child_disability() -> Expression:
    """The reader works in a child disability department: access ends with the job, not with the assignment (R2)."""
    return some(table_of(Department), department.id == any_(ACTOR.departments), department.kind == "child_disability")


LEADING_ROLES = ("coordinator", "primary_adviser")
"""The one adviser that a case has (R1, R3)."""
ADVISER_ROLES = (*LEADING_ROLES, "buddy", "deputy")


def held_by(user: Any, *roles: str) -> Any:
    """The cases that the user is assigned to now in one of these roles."""
    now = (assignment.user_id == user) & assignment.ended_at.is_(None)
    return those(assignment.case_id, now, is_one(assignment.role, *roles))


def without_contact() -> Expression:
    """The case is open and allocated, and its adviser cannot be reached: no active account, or no job in the area."""
    person, held = columns(User), columns(Position)
    area = (department.kind == "child_disability") & department.active
    there = some(table_of(Department), department.id == held.department_id, area)
    works = some(table_of(Position), held.user_id == person.id, held.ended_at.is_(None), there)
    gone = those(person.id, person.kind == "professional", ~(person.active & works))
    return (case.state != "closed") & case.allocated_at.is_not(None) & (case.id == held_by(gone, *LEADING_ROLES))


@rule
def coordinator_of_case() -> Expression:
    """The reader is the case's family coordinator (in SOF: primary adviser) and works in child disability now."""
    return (case.id == held_by(ACTOR.user, *LEADING_ROLES)) & in_child_disability()


@rule
def buddy_of_case() -> Expression:
    """The reader is the coordinator's buddy or deputy on the case, and works in child disability now (R4, R109)."""
    return (case.id == held_by(ACTOR.user, "buddy", "deputy")) & in_child_disability()


def in_team_today() -> Expression:
    """The membership has not ended, nor run out."""
    return team.left_at.is_(None) & (team.ends_on.is_(None) | (team.ends_on > ACTOR.today))


def joined_by_reader() -> Any:
    """The cases whose core team the reader is in today, from a department where the reader works, and needed (R86)."""
    here = (team.user_id == ACTOR.user) & (team.department_id == any_(ACTOR.departments)) & team.relevant
    return those(team.case_id, here, in_team_today())


def joined_from(departments: Any) -> Any:
    """The cases whose core team somebody is in today from one of these departments, who works there, and is needed."""
    held = columns(Position)
    there = (held.user_id == team.user_id) & (held.department_id == team.department_id) & held.ended_at.is_(None)
    works = some(table_of(Position), there)
    return those(team.case_id, team.department_id == any_(departments), team.relevant, in_team_today(), works)


@rule
def core_team_member() -> Expression:
    """The reader is in the core team, and in the department joined from, now. That opens the case and no document."""
    return case.id == joined_by_reader()


@rule
def leads_owner_department() -> Expression:
    """The reader is professional head of the department that owns the case: allocation and progress, not content."""
    return case.owner_department_id == any_(ACTOR.leads)


@rule
def opened_the_case() -> Expression:
    """The reader opened the case, still works in its department, and it has not been allocated yet."""
    mine = (case.opened_by == ACTOR.user) & (case.owner_department_id == any_(ACTOR.departments))
    return mine & case.allocated_at.is_(None)


@cache
def children_in_custody() -> Any:
    """The children, not of age (setting consent.adult_age), whom the reader has custody of today."""
    return those(
        custody.child_id,
        some(table_of(Member), member.id == custody.child_id, member.birth_date > ACTOR.adult_born_by),
        custody.holder_id == any_(ACTOR.persons),
        custody.valid_from <= ACTOR.today,
        custody.valid_until.is_(None) | (custody.valid_until > ACTOR.today),
    )


@rule
def custody_holder() -> Expression:
    """The reader has custody of the child today, and the child is not of age."""
    return case.child_id == children_in_custody()


@rule
def the_child_itself() -> Expression:
    """The reader is the child, old enough to act for herself (setting consent.youth_age)."""
    return case.child_id == those(member.id, member.id == any_(ACTOR.persons), member.birth_date <= ACTOR.youth_born_by)


@rule
def acts_for_owner_department() -> Expression:
    """The service acts for the department that owns the case."""
    return case.owner_department_id == any_(ACTOR.departments)


@rule
def may_create_team() -> Expression:
    """The municipality lets the reader's part in the case set up the core team (R101, setting team.creator_roles)."""
    head = leads_owner_department.holds & (literal("professional_head") == any_(ACTOR.team_creators))
    advisers = coordinator_of_case.holds | buddy_of_case.holds
    return head | (advisers & (literal("coordinator") == any_(ACTOR.team_creators)))


@rule
def auditor() -> Expression:
    """The reader is the municipality's auditor: sees the log, never content."""
    return literal("auditor") == any_(ACTOR.roles)


STAFF = Grant(allow=(coordinator_of_case, buddy_of_case, core_team_member, leads_owner_department, opened_the_case))
INSIDE = Grant(allow=(coordinator_of_case, buddy_of_case, core_team_member))
ADVISERS = Grant(allow=(coordinator_of_case, buddy_of_case))
"""The advisers responsible for the case: a buddy has the same powers (R4)."""
FAMILY = Grant(allow=(custody_holder, the_child_itself))
READERS: Grants = {"professional": STAFF, "citizen": FAMILY, "service": Grant(allow=(acts_for_owner_department,))}
CONTENT: Grants = {"professional": INSIDE, "citizen": FAMILY}
LEADING: Grants = {"professional": Grant(allow=(leads_owner_department,))}
WORKING: Grants = {"professional": Grant(allow=(*ADVISERS.allow, leads_owner_department))}
STAFFING: Grants = {"professional": Grant(allow=(coordinator_of_case, leads_owner_department))}
"""Who chooses the coordinator's buddy and deputy: never the buddy."""
HOLDING: Grants = {"professional": Grant(allow=(*ADVISERS.allow, leads_owner_department, opened_the_case))}
ADVISING: Grants = {"professional": ADVISERS}
TEAMWORK: Grants = {"professional": INSIDE}
PEOPLE: Grants = {"professional": STAFF, "citizen": FAMILY}
"""All who read the case but a service: what the case is about, short of its content."""

table = table_of(Case)
active = table_of(Assignment).alias("active_assignment")
contact = table_of(User).alias("contact")


def joined(
    start: FromClause, to: Any, column: ColumnElement[Any], key: str = "id", *, outer: bool = False
) -> FromClause:
    """`start` joined to one row of `to` inside the municipality: `column` names its `key`."""
    own = column.table
    return start.join(to, (to.c.municipality_id == own.c.municipality_id) & (to.c[key] == column), isouter=outer)


def with_contact(start: FromClause) -> FromClause:
    """Joined to the one active coordinator and that person's card (R97)."""
    now = (active.c.municipality_id == case.municipality_id) & (active.c.case_id == case.id)
    leading = active.c.ended_at.is_(None) & is_one(active.c.role, *LEADING_ROLES)
    found = start.join(active, now & leading, isouter=True)
    return joined(found, contact, active.c.user_id, outer=True)


def stalled(since_when: str) -> Expression:
    """Nothing has happened since then in an open case that somebody has (R105).

    For those who work here only: what happened may be another parent's matter, and silence tells as much.
    """
    event, since = columns(Event), bindparam(since_when, type_=TIMESTAMP(timezone=True))
    held = (case.state != "closed") & case.allocated_at.is_not(None) & (case.allocated_at < since)
    heard = (event.case_id == case.id) & (event.at >= since) & (event.resource != word("statement"))  # maybe private
    return (ACTOR.kind == "professional") & held & ~some(table_of(Event), heard)


cases = Policy(
    name="case",
    table=table,
    judged_on=table,
    source=with_contact(
        joined(joined(table, table_of(Member), case.child_id), table_of(Department), case.owner_department_id)
    ),
    columns={
        **{column.name: column for column in table.c if column.name != "municipality_id"},
        "intake": case.intake.op("-", return_type=JSONB())(word("note")),
        "intake_note": func.jsonb_extract_path_text(case.intake, word("note")),
        "restricted": case.sealed,
        "child_name": member.name,
        "child_birth_date": member.birth_date,
        "owner_department_name": department.name,
        "coordinator_id": active.c.user_id,
        "coordinator_role": active.c.role,
        "coordinator_since": active.c.assigned_at,
        "coordinator_name": contact.c.name,
        "coordinator_title": contact.c.title,
        "coordinator_phone": contact.c.phone,
        "coordinator_email": contact.c.email,
        "coordinator_hours": contact.c.contact_hours,
        "coordinator_available": contact.c.active & func.coalesce(contact.c.absent_until <= ACTOR.today, True),
    },
    read=READERS,
    actions={
        "change": HOLDING,
        "change_state": HOLDING,
        "note_intake": {"professional": Grant(allow=(*ADVISERS.allow, opened_the_case))},
        "rate_concern": TEAMWORK,
        "rate_complexity": ADVISING,
        "relate_case": TEAMWORK,
        "prefer_contact": CONTENT,
        "assign_coordinator": LEADING,
        "assign_helper": STAFFING,
        "check_coverage": ADVISING,
        "agree_roles": ADVISING,
        "plan_measure": ADVISING,
        "work_step": WORKING,
        "change_team": {"professional": Grant(allow=(may_create_team,))},
        "plan_meeting": TEAMWORK,
        "record_contact": TEAMWORK,
        "ask_callback": {"citizen": FAMILY},
        "add_folder": CONTENT,
        "add_document": CONTENT,
        "draft_consent": CONTENT,
        "use_statute": TEAMWORK,
        "open_emergency": TEAMWORK,
        "invite_guest": ADVISING,
        "ask_information": TEAMWORK,
        "keep_application": {"professional": ADVISERS, "citizen": FAMILY},
        "make_statement": CONTENT,
        "seal": LEADING,
    },
    filters={
        "state": case.state == bindparam("state"),
        "model": case.model == bindparam("model"),
        "family_id": case.family_id == bindparam("family_id"),
        "owner_department_id": case.owner_department_id == bindparam("owner_department_id"),
        "coordinator_id": case.id == held_by(bindparam("coordinator_id"), *LEADING_ROLES),
        "helper_id": case.id == held_by(bindparam("helper_id"), "buddy", "deputy"),
        "open": (case.state != "closed") == bindparam("open", type_=BOOLEAN),
        "awaiting_contact": (case.allocated_at.is_not(None) & case.first_contact_at.is_(None))
        == bindparam("awaiting_contact"),
        "without_contact": without_contact() == bindparam("without_contact", type_=BOOLEAN),
        "early_concern": case.early_concern == bindparam("early_concern", type_=BOOLEAN),
        "quiet_since": stalled("quiet_since"),
        "stirred_since": ~stalled("stirred_since"),
    },
    veiled={
        "first_contact_at": PEOPLE,
        "closing": CONTENT,
        "family_view": CONTENT,
        "exit_reason": CONTENT,
        "concern_level": CONTENT,
        "complexity_rating": PEOPLE,
        "intake": PEOPLE,
        "intake_note": {"professional": Grant(allow=(*INSIDE.allow, opened_the_case)), "citizen": FAMILY},
    },
    narrow=frozenset({"coordinator_id", "helper_id"}),
    case_id=case.id,
)

complexity = Policy(
    name="complexity",
    table=table,
    columns={name: case[name] for name in ("id", "model", "complexity_rating")},
    read={"professional": INSIDE},  # it counts what one parent may not know of the other
    case_id=case.id,
)


def in_case(child: Table) -> FromClause:
    """The table joined to its case, so that the case's rules can judge its rows."""
    return joined(child, table, child.c.case_id)
