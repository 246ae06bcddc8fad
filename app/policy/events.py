"""What happened in a case, and who has looked: readable under the policy of what it is about."""

from sqlalchemy import (
    TEXT,
    ColumnElement,
    Subquery,
    any_,
    bindparam,
    func,
    null,
    select,
    union_all,
)
from sqlalchemy import case as when
from sqlalchemy.dialects.postgresql import ARRAY

from app.db import columns, table_of
from app.models import AccessLog, Case, Department, Event, User
from app.policy.actor import ACTOR
from app.policy.cases import FAMILY, INSIDE, STAFF, acts_for_owner_department, auditor, cases, in_case, joined
from app.policy.cases import table as case_table
from app.policy.core import UUID_TYPE, Expression, Grant, Policy, empty, mine, rule
from app.policy.families import custody_of_the_child, member, own_record

event, log, case, user = columns(Event), columns(AccessLog), columns(Case), columns(User)
doer = table_of(User).alias("doer")


@rule
def about_the_case() -> Expression:
    """What happened concerns the case as such, and no single member of the family."""
    return event.member_id.is_(None)


@rule
def about_the_case_or_me() -> Expression:
    """What happened concerns the case as such, or the reader, and not another member of the family."""
    return event.member_id.is_(None) | (event.member_id == any_(ACTOR.persons))


@rule
def about_the_case_or_inside() -> Expression:
    """What happened concerns the case as such, or the reader works inside the case."""
    return event.member_id.is_(None) | INSIDE.where


events = Policy(
    name="event",
    table=table_of(Event),
    source=joined(in_case(table_of(Event)), doer, event.actor_id, outer=True),
    columns={
        "id": event.id,
        "at": event.at,
        "type": event.type,
        "resource": event.resource,
        "resource_id": event.resource_id,
        "actor_kind": event.actor_kind,
        "actor_name": when((event.actor_kind == "citizen", null()), else_=doer.c.name),
    },
    read={
        "professional": Grant(require=(about_the_case_or_inside,), allow=STAFF.allow),
        "citizen": Grant(require=(about_the_case_or_me,), allow=FAMILY.allow),
        "service": Grant(require=(about_the_case,), allow=(acts_for_owner_department,)),
    },
    filters={"case_id": event.case_id == bindparam("case_id")},
    case_id=event.case_id,
    scope="case_id",
    parent=cases,
)

# --- who has looked ------------------------------------------------------------------------------------------------

wanted = bindparam("case_id", type_=UUID_TYPE)
its_family = select(case.family_id).where(mine(case_table), case.id == wanted).scalar_subquery()


def _entries() -> Subquery:
    """The log rows about one case: of the case itself, of its family's members, and of lists that it stood in."""
    in_list = func.array_position(log.case_ids, wanted)
    parts = (
        (log.case_id == wanted, log.rules[1]),
        (log.case_id.is_(None) & (log.family_id == its_family), log.rules[1]),
        (log.case_id.is_(None) & log.family_id.is_(None) & (wanted == any_(log.case_ids)), log.rules[in_list]),
    )
    chosen = [c for c in log if c.name not in {"rules", "case_id"}]
    return union_all(
        *(
            select(*chosen, rule_name.label("rule"), wanted.label("case_id"))
            .select_from(table_of(AccessLog))
            .where(mine(table_of(AccessLog)), condition)
            for condition, rule_name in parts
        )
    ).subquery("entry")


entry = _entries()


@rule
def not_another_persons() -> Expression:
    """The row is not about another member of the family, and not about what another citizen looked at."""
    private = func.coalesce(func.cardinality(entry.c.member_ids), 0) > 0
    own_private = entry.c.member_ids.overlap(ACTOR.persons)
    of_members = entry.c.resource != "member"
    readable = func.array(
        select(member.id)
        .where(member.municipality_id == ACTOR.municipality, own_record.holds | custody_of_the_child.holds)
        .correlate_except(member.id.table)
        .scalar_subquery(),
        type_=ARRAY(UUID_TYPE),
    )
    shown = of_members | entry.c.resource_ids.overlap(readable)
    return (~private | own_private) & shown & ((entry.c.actor_kind != "citizen") | (entry.c.actor_id == ACTOR.user))


def _unit() -> ColumnElement[list[str]]:
    """The departments the reader worked in then."""
    department = columns(Department)
    names = (
        select(func.array_agg(department.name))
        .where(mine(table_of(Department)), department.id == any_(entry.c.actor_departments))
        .correlate(entry)
    )
    return func.coalesce(names.scalar_subquery(), empty(TEXT()))


access_log = Policy(
    name="access_log",
    table=entry,
    source=joined(joined(entry, case_table, entry.c.case_id), doer, entry.c.actor_id, outer=True),
    columns={
        **{name: entry.c[name] for name in ("id", "at", "outcome", "action", "resource", "rule", "code")},
        "actor_kind": entry.c.actor_kind,
        "actor_roles": entry.c.actor_roles,
        "actor_departments": _unit(),
        "actor_name": when((ACTOR.log_names | (entry.c.actor_id == ACTOR.user), doer.c.name), else_=null()),
        "is_me": entry.c.actor_id == ACTOR.user,
    },
    read={
        "citizen": Grant(require=(not_another_persons,), allow=FAMILY.allow),
        "professional": Grant(allow=(auditor,)),
    },
    filters={"case_id": entry.c.case_id == wanted},
    case_id=entry.c.case_id,
    scope="case_id",
    parent=cases,
)
