"""Applications (R307, R308): content, so never for a leader by role alone, and one adult's is nobody else's."""

from sqlalchemy import BOOLEAN, any_, bindparam
from sqlalchemy import case as when
from sqlalchemy.dialects.postgresql import ARRAY

from app.db import columns, table_of
from app.models import Application, ApplicationStatus, Case, Member, User
from app.policy.cases import ADVISERS, INSIDE, case, cases, children_in_custody, in_case, joined
from app.policy.core import Policy
from app.policy.documents import REACH, acting_for_themselves
from app.policy.rules import UUID_TYPE, Expression, Grant, Grants, is_one, rule

table, application, status = table_of(Application), columns(Application), columns(ApplicationStatus)


@rule
def applied_for_me_or_my_child() -> Expression:
    """It is for the reader, old enough to act for herself, or for a child in the reader's custody today."""
    return (application.member_id == any_(acting_for_themselves())) | (application.member_id == children_in_custody())


FAMILYS = Grant(allow=(applied_for_me_or_my_child,))
READ: Grants = {"professional": INSIDE, "citizen": FAMILYS}
whose, setter = table_of(Member).alias("whose"), table_of(User).alias("setter")

applications = Policy(
    name="application",
    table=table,
    source=joined(in_case(table), whose, application.member_id),
    columns={
        **{column.name: column for column in application if column.name != "municipality_id"},
        "member_name": whose.c.name,
        "case_number": case.number,
        "case_state": case.state,
        "case_child_id": case.child_id,
    },
    read=READ,
    actions={"work_application": {"professional": ADVISERS, "citizen": FAMILYS}},
    filters={
        "case_id": application.case_id == bindparam("case_id"),
        "case_ids": application.case_id == any_(bindparam("case_ids", type_=ARRAY(UUID_TYPE))),
        "member_id": application.member_id == bindparam("member_id"),
        "status": application.status == bindparam("status"),
        "ball_with": application.ball_with == bindparam("ball_with"),
        "open": is_one(application.status, "draft", "submitted", "in_progress") == bindparam("open", type_=BOOLEAN),
    },
    case_id=application.case_id,
    member_id=application.member_id,
    narrow=frozenset({"case_ids"}),
    reach={"citizen": REACH["citizen"]},
    scope="case_id",
    parent=cases,
    lock=(table_of(Case), application.case_id),
)

application_statuses = Policy(
    name="application_status",
    table=table_of(ApplicationStatus),
    source=joined(
        joined(joined(table_of(ApplicationStatus), table, status.application_id), table_of(Case), application.case_id),
        setter,
        status.set_by,
    ),
    columns={
        **{column.name: column for column in status if column.name != "municipality_id"},
        "set_by_name": when((setter.c.kind == "professional", setter.c.name)),
    },
    read=READ,
    filters={"application_id": status.application_id == bindparam("application_id")},
    case_id=application.case_id,
    member_id=application.member_id,
    scope="application_id",
    parent=applications,
)
