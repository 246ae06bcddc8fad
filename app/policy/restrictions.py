"""The restriction of a case (GDPR art. 18): who may know why."""

from sqlalchemy import BOOLEAN, bindparam

from app.db import columns, table_of
from app.models import Restriction, User
from app.policy.cases import PEOPLE, cases, in_case, joined
from app.policy.core import Policy

restriction, starter = columns(Restriction), table_of(User).alias("starter")

restrictions = Policy(
    name="restriction",
    table=table_of(Restriction),
    source=joined(in_case(table_of(Restriction)), starter, restriction.begun_by),
    columns={
        **{column.name: column for column in restriction if column.name != "municipality_id"},
        "begun_by_name": starter.c.name,
    },
    read=PEOPLE,
    filters={
        "case_id": restriction.case_id == bindparam("case_id"),
        "current": restriction.ended_at.is_(None) == bindparam("current", type_=BOOLEAN),
    },
    case_id=restriction.case_id,
    scope="case_id",
    parent=cases,
)
