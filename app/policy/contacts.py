"""Meetings, contacts and call-backs of a case: content, so never for a leader by role alone."""

from typing import Any

from sqlalchemy import INTEGER, ColumnElement, any_, bindparam, cast, column, func, literal_column, null, select
from sqlalchemy import case as when
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, aggregate_order_by

from app.db import columns, table_of
from app.models import Callback, Case, Contact, Family, Meeting, Member, User
from app.policy.actor import ACTOR
from app.policy.cases import ADVISER_ROLES, CONTENT, FAMILY, INSIDE, TEAMWORK, cases, held_by, in_case, joined
from app.policy.core import Policy
from app.policy.families import member, members
from app.policy.rules import UUID_TYPE, Expression, Grant, mine, probed, rule

meeting, contact, callback, user = columns(Meeting), columns(Contact), columns(Callback), columns(User)
case = columns(Case)


@rule
def asked_by_citizen() -> Expression:
    """The reader is the person who asked."""
    return callback.member_id == any_(ACTOR.persons)


def _attendance() -> ColumnElement[Any]:
    """Who took part, each with a name: of the family only for those who read that person's record anyway."""
    attendance = func.jsonb_array_elements(meeting.attendance)
    one = attendance.table_valued(column("value", JSONB), with_ordinality="place").render_derived(name="one")
    id, staff, family = cast(one.c.value["id"].astext, UUID_TYPE), table_of(User).alias("staff"), table_of(Family)
    of_family = joined(table_of(Member), family, member.family_id)
    found = one.join(staff, mine(staff) & (staff.c.id == id), isouter=True).join(
        of_family, mine(table_of(Member)) & (member.id == id), isouter=True
    )
    readable = Grant(allow=tuple(rule for grant in members.read.values() for rule in grant.allow))
    name = func.coalesce(staff.c.name, when((probed(readable.where), member.name), else_=null()))
    told = one.c.value.op("||")(func.jsonb_build_object(literal_column("'name'"), name))
    rows = select(func.jsonb_agg(aggregate_order_by(told, one.c.place))).select_from(found)
    return func.coalesce(rows.correlate(table_of(Meeting)).scalar_subquery(), func.jsonb_build_array(), type_=JSONB)


meetings = Policy(
    name="meeting",
    table=table_of(Meeting),
    source=joined(in_case(table_of(Meeting)), table_of(User), meeting.chair_id),
    columns={
        **{column.name: column for column in meeting if column.name != "municipality_id"},
        "chair_name": user.name,
        "attendance": _attendance(),
    },
    read=CONTENT,
    actions={"hold_meeting": TEAMWORK},
    filters={
        "case_id": meeting.case_id == bindparam("case_id"),
        "kind": meeting.kind == bindparam("kind"),
        "status": meeting.status == bindparam("status"),
    },
    case_id=meeting.case_id,
    scope="case_id",
    parent=cases,
    lock=(table_of(Case), meeting.case_id),
)

contacts = Policy(
    name="contact",
    table=table_of(Contact),
    source=joined(in_case(table_of(Contact)), table_of(User), contact.recorded_by),
    columns={
        **{column.name: column for column in contact if column.name != "municipality_id"},
        "recorded_by_name": user.name,
    },
    read=CONTENT,
    filters={"case_id": contact.case_id == bindparam("case_id"), "kind": contact.kind == bindparam("kind")},
    case_id=contact.case_id,
    scope="case_id",
    parent=cases,
)

asker = table_of(Member).alias("asker")

callbacks = Policy(
    name="callback",
    table=table_of(Callback),
    source=joined(in_case(table_of(Callback)), asker, callback.member_id),
    columns={
        **{column.name: column for column in callback if column.name != "municipality_id"},
        "member_name": asker.c.name,
        "case_number": columns(Case).number,
        "minutes_waited": cast(
            func.extract("epoch", func.coalesce(callback.answered_at, ACTOR.at) - callback.asked_at) / 60, INTEGER
        ),
    },
    read={"professional": INSIDE, "citizen": Grant(require=(asked_by_citizen,), allow=FAMILY.allow)},
    actions={"answer_callback": TEAMWORK},
    filters={
        "case_id": callback.case_id == bindparam("case_id"),
        "case_ids": callback.case_id == any_(bindparam("case_ids", type_=ARRAY(UUID_TYPE))),
        "status": callback.status == bindparam("status"),
        "advised_by": (callback.case_id == held_by(bindparam("advised_by"), *ADVISER_ROLES)) & (case.state != "closed"),
    },
    case_id=callback.case_id,
    member_id=callback.member_id,
    narrow=frozenset({"advised_by", "case_ids"}),
    scope="case_id",
    parent=cases,
    lock=(table_of(Case), callback.case_id),
)
