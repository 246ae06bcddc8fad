"""Meetings, contacts and call-backs of a case: content, so never for a leader by role alone."""

from sqlalchemy import INTEGER, any_, bindparam, cast, func

from app.db import columns, table_of
from app.models import Callback, Case, Contact, Meeting, Member, User
from app.policy.actor import ACTOR
from app.policy.cases import ADVISER_ROLES, CONTENT, FAMILY, INSIDE, TEAMWORK, cases, held_by, in_case, joined
from app.policy.core import Policy
from app.policy.rules import Expression, Grant, rule

meeting, contact, callback, user = columns(Meeting), columns(Contact), columns(Callback), columns(User)
case = columns(Case)


@rule
def asked_by_citizen() -> Expression:
    """The reader is the person who asked."""
    return callback.member_id == any_(ACTOR.persons)


meetings = Policy(
    name="meeting",
    table=table_of(Meeting),
    source=joined(in_case(table_of(Meeting)), table_of(User), meeting.chair_id),
    columns={
        **{column.name: column for column in meeting if column.name != "municipality_id"},
        "chair_name": user.name,
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
        "status": callback.status == bindparam("status"),
        "advised_by": (callback.case_id == held_by(bindparam("advised_by"), *ADVISER_ROLES)) & (case.state != "closed"),
    },
    case_id=callback.case_id,
    member_id=callback.member_id,
    narrow=frozenset({"advised_by"}),
    scope="case_id",
    parent=cases,
    lock=(table_of(Case), callback.case_id),
)
