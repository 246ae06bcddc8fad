"""The measures of a case (R71): content, so never for a leader by role alone, and one adult's is nobody else's."""

from sqlalchemy import BOOLEAN, any_, bindparam, func

from app.db import columns, table_of
from app.models import Case, Department, Measure, Member, Organisation
from app.policy.actor import ACTOR
from app.policy.cases import ADVISING, FAMILY, INSIDE, cases, children_in_custody, in_case, joined
from app.policy.core import Policy
from app.policy.rules import Expression, Grant, is_one, rule

table, measure = table_of(Measure), columns(Measure)


@rule
def own_or_childs_measure() -> Expression:
    """The measure is for the reader, or for a child, not of age, in the reader's custody today."""
    return (measure.member_id == any_(ACTOR.persons)) | (measure.member_id == children_in_custody())


receiver = table_of(Member).alias("receiver")
unit = table_of(Department).alias("unit")
partner = table_of(Organisation).alias("partner")

measures = Policy(
    name="measure",
    table=table,
    source=joined(
        joined(joined(in_case(table), receiver, measure.member_id), unit, measure.provider_department_id, outer=True),
        partner,
        measure.provider_organisation_id,
        outer=True,
    ),
    columns={
        **{column.name: column for column in measure if column.name != "municipality_id"},
        "member_name": receiver.c.name,
        "provider_name": func.coalesce(unit.c.name, partner.c.name),
    },
    read={"professional": INSIDE, "citizen": Grant(require=(own_or_childs_measure,), allow=FAMILY.allow)},
    actions={"work_measure": ADVISING},
    filters={
        "case_id": measure.case_id == bindparam("case_id"),
        "status": measure.status == bindparam("status"),
        "category": measure.category == bindparam("category"),
        "current": is_one(measure.status, "planned", "started") == bindparam("current", type_=BOOLEAN),
    },
    case_id=measure.case_id,
    member_id=measure.member_id,
    scope="case_id",
    parent=cases,
    lock=(table_of(Case), measure.case_id),
)
