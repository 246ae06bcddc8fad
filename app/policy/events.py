"""What happened in a case, and who has looked: readable under the policy of what it is about."""

from typing import Any

from sqlalchemy import (
    BOOLEAN,
    TEXT,
    TIMESTAMP,
    ColumnElement,
    Subquery,
    any_,
    bindparam,
    cast,
    column,
    func,
    literal_column,
    null,
    select,
    union_all,
)
from sqlalchemy import case as when
from sqlalchemy.dialects.postgresql import ARRAY

from app.db import columns, table_of
from app.models import AccessLog, Case, Department, Event, Member, Organisation, Step, User
from app.policy.actor import ACTOR, KINDS
from app.policy.cases import FAMILY, INSIDE, STAFF, acts_for_owner_department, auditor, cases, in_case, joined
from app.policy.cases import table as case_table
from app.policy.concerning import about_what_one_may_read, looked_at, made
from app.policy.core import Policy
from app.policy.families import between_my_own, custody_of_the_child, member, named_by_reader, own_record, relation
from app.policy.grounds import grounds
from app.policy.rules import UUID_TYPE, Expression, Grant, empty, is_one, mine, rule, word
from app.policy.untold import untold

event, log, case, user = columns(Event), columns(AccessLog), columns(Case), columns(User)
doer, organisation = table_of(User).alias("doer"), table_of(Organisation)
step = columns(Step)

of_content = is_one(
    event.resource,
    "contact",
    "meeting",
    "callback",
    "role_agreement",
    "concern",
    "related_case",
    "contact_preference",
    "measure",
    "information",
    "application",
    "statement",
)


@rule
def about_the_case() -> Expression:
    """What happened concerns the case's progress: no single member of the family, no contact and no meeting."""
    return event.member_id.is_(None) & ~of_content


@rule
def not_about_the_family() -> Expression:
    """What happened concerns neither custody nor who of the family signs in."""
    return ~is_one(event.resource, "custody", "member")


@rule
def about_the_case_or_me() -> Expression:
    """What happened concerns the case as such, or the reader, and not another member of the family."""
    return event.member_id.is_(None) | (event.member_id == any_(ACTOR.persons))


@rule
def about_the_case_or_inside() -> Expression:
    """What happened concerns the case's progress, or the reader works inside the case."""
    return about_the_case.holds | INSIDE.where


readable = {kind: about_what_one_may_read(kind, event.resource, event.resource_id) for kind in KINDS}

events = Policy(
    name="event",
    table=table_of(Event),
    source=joined(
        joined(in_case(table_of(Event)), doer, event.actor_id, outer=True),
        table_of(Step),
        event.resource_id,
        outer=True,
    ),
    columns={
        "id": event.id,
        "at": event.at,
        "type": event.type,
        "resource": event.resource,
        "resource_id": event.resource_id,
        "actor_kind": event.actor_kind,
        "actor_name": when((event.actor_kind == "citizen", null()), else_=doer.c.name),
        "step_number": step.number,
        "step_title": step.title,
    },
    read={
        "professional": Grant(require=(about_the_case_or_inside, readable["professional"]), allow=STAFF.allow),
        "citizen": Grant(require=(about_the_case_or_me, readable["citizen"]), allow=FAMILY.allow),
        "service": Grant(
            require=(about_the_case, not_about_the_family, readable["service"]), allow=(acts_for_owner_department,)
        ),
    },
    filters={"case_id": event.case_id == bindparam("case_id")},
    case_id=event.case_id,
    scope="case_id",
    parent=cases,
)

# --- who has looked ------------------------------------------------------------------------------------------------

wanted = bindparam("case_id", type_=UUID_TYPE)
since = bindparam("since", None, type_=TIMESTAMP(timezone=True))
ALWAYS = literal_column("'-infinity'::timestamptz", TIMESTAMP(timezone=True))
its_family = select(case.family_id).where(mine(case_table), case.id == wanted).scalar_subquery()
its_member = table_of(Member).alias("its_member")
of_its_family = mine(its_member) & (its_member.c.family_id == its_family)


def _entries() -> Subquery:
    """The log rows about one case: of the case itself, of its family and members, and of lists that it stood in.

    `about` are the members that a row may be about as far as this case goes; NULL where that is nobody in particular.
    """
    across = log.case_id.is_(None) & log.family_id.is_(None)
    not_given = is_one(log.outcome, "refused", "failed")
    place = func.coalesce(func.array_position(log.case_ids, wanted), func.array_position(log.resource_ids, its_family))
    parts = (
        (log.case_id == wanted, log.rules[1], log.member_ids),
        (log.case_id.is_(None) & (log.family_id == its_family), log.rules[1], log.member_ids),
        (across & (wanted == any_(log.case_ids)), log.rules[place], _in_this_case()),
        (
            across & (log.resource == "family") & (its_family == any_(log.resource_ids)),
            log.rules[place],
            log.member_ids,
        ),
        (
            across & (log.resource == "case") & not_given & (wanted == any_(log.resource_ids)),
            log.rules[1],
            log.member_ids,
        ),
        (across & (log.resource == "member") & log.resource_ids.overlap(_its_members()), _found_by(), log.member_ids),
    )
    chosen = [c for c in log if c.name not in {"rules", "case_id", "member_ids"}]
    more = (("rule", 1), ("about", 2))
    on_statute = word("shared_on_statute") == any_(log.rules)
    rows = union_all(
        *(
            select(
                *chosen,
                *(part[at].label(name) for name, at in more),
                on_statute.label("on_statute"),
                wanted.label("case_id"),
            )
            .select_from(table_of(AccessLog))
            .where(mine(table_of(AccessLog)), log.at >= func.coalesce(since, ALWAYS), part[0])
            for part in parts
        )
    )
    # in order first, and then judged one by one until the page is full: OFFSET 0 keeps PostgreSQL from judging them all
    return rows.order_by(literal_column("id").desc()).offset(literal_column("0")).subquery("entry")


def _its_members() -> ColumnElement[Any]:
    return func.array(select(its_member.c.id).where(of_its_family).scalar_subquery(), type_=ARRAY(UUID_TYPE))


def _found_by() -> ColumnElement[Any]:
    """The rule that opened the first of the family's members on a list across families, such as a search."""
    first = func.min(func.array_position(log.resource_ids, its_member.c.id))
    return log.rules[select(first).where(of_its_family).correlate(table_of(AccessLog)).scalar_subquery()]


def _in_this_case() -> ColumnElement[Any]:
    """Of the members beside a list across cases, those that stand beside this case."""
    beside = (
        func.unnest(log.case_ids, log.member_ids)
        .table_valued(column("case_id", UUID_TYPE), column("member_id", UUID_TYPE))
        .render_derived(name="beside")
    )
    found = select(func.array_agg(beside.c.member_id)).where(beside.c.case_id == wanted).scalar_subquery()
    return when((log.member_ids.is_(None), null()), else_=found)


entry = _entries()


def _all_such(id: ColumnElement[Any], holds: Expression) -> ColumnElement[Any]:
    rows = select(id).where(mine(id.table), holds).correlate_except(id.table)
    return func.array(rows.scalar_subquery(), type_=ARRAY(UUID_TYPE))


@rule
def not_another_persons() -> Expression:
    """The row is not about another member of the family alone, and not about what another citizen looked at.

    What was done to the family as a whole may concern another child of it: those rows stay with the staff.
    """
    about = cast(entry.c.about, ARRAY(UUID_TYPE))
    readable = _all_such(member.id, own_record.holds | custody_of_the_child.holds | named_by_reader.holds)
    related = _all_such(relation.id, between_my_own.holds)
    shared = func.array_position(about, cast(null(), UUID_TYPE)).is_not(None) | about.overlap(readable)
    of_mine = (entry.c.resource != "member") | entry.c.resource_ids.overlap(readable)
    of_mine &= (entry.c.resource != "relation") | entry.c.resource_ids.overlap(related)
    by_staff = (entry.c.actor_kind != "citizen") | (entry.c.actor_id == ACTOR.user)
    as_a_whole = (entry.c.resource == "family") & (entry.c.outcome != "read")
    read_too = looked_at("citizen", entry.c.resource, entry.c.resource_ids, entry.c.case_id)
    read_too |= (entry.c.actor_id == ACTOR.user) & (entry.c.outcome == "read")
    what_was_made = made("citizen", entry.c.action, entry.c.case_id, entry.c.at, entry.c.actor_id)
    read_too &= entry.c.action != "withhold"  # the document is readable again one day, and that it was not is not told
    makes = (entry.c.resource == "case") | is_one(entry.c.action, "share", "share_folder")
    read_too &= ~makes | is_one(entry.c.outcome, "refused", "failed") | what_was_made
    return (entry.c.about.is_(None) | shared) & of_mine & by_staff & ~as_a_whole & read_too & ~untold(entry, wanted)


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
    source=joined(
        joined(joined(entry, case_table, entry.c.case_id), doer, entry.c.actor_id, outer=True),
        organisation,
        doer.c.organisation_id,
        outer=True,
    ),
    columns={
        **{name: entry.c[name] for name in ("id", "case_id", "at", "outcome", "action", "resource")},
        "rule": func.coalesce(entry.c.rule, ""),
        "actor_kind": entry.c.actor_kind,
        "actor_roles": entry.c.actor_roles,
        "actor_departments": _unit(),
        "actor_organisation": organisation.c.name,
        "purpose": entry.c.purpose,
        "actor_name": when((ACTOR.log_names | (entry.c.actor_id == ACTOR.user), doer.c.name), else_=null()),
        "is_me": entry.c.actor_id == ACTOR.user,
        "was_empty": (entry.c.action == "list") & (func.cardinality(entry.c.resource_ids) == 0),
        "grounds": grounds(entry),
    },
    read={
        "citizen": Grant(require=(not_another_persons,), allow=FAMILY.allow),
        "professional": Grant(allow=(auditor,)),
    },
    veiled={"purpose": {"professional": Grant(allow=(auditor,))}},
    filters={
        "case_id": entry.c.case_id == wanted,
        "since": entry.c.at >= since,
        "others_saw": (
            (entry.c.actor_id != ACTOR.user)
            & (entry.c.outcome == word("read"))
            & (func.cardinality(entry.c.resource_ids) > 0)
        )
        == bindparam("others_saw", type_=BOOLEAN),
    },
    case_id=entry.c.case_id,
    scope="case_id",
    parent=cases,
)
