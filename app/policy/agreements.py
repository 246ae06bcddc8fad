"""Role agreements: who coordinates with those around the child, agreed with the family (R112–R114). Content."""

from sqlalchemy import BOOLEAN, any_, bindparam

from app.db import columns, table_of
from app.models import Case, Organisation, RoleAgreement
from app.policy.actor import ACTOR
from app.policy.cases import ADVISING, CONTENT, INSIDE, cases, in_case, joined
from app.policy.core import Policy
from app.policy.rules import Expression, Grant, rule

agreement = columns(RoleAgreement)


@rule
def agreed_by_reader() -> Expression:
    """It was agreed with the reader."""
    return agreement.agreed_with == any_(ACTOR.persons)


role_agreements = Policy(
    name="role_agreement",
    table=table_of(RoleAgreement),
    source=joined(in_case(table_of(RoleAgreement)), table_of(Organisation), agreement.organisation_id, outer=True),
    columns={
        **{column.name: column for column in agreement if column.name != "municipality_id"},
        "organisation_name": columns(Organisation).name,
    },
    read=CONTENT,
    actions={"end_agreement": ADVISING},
    filters={
        "case_id": agreement.case_id == bindparam("case_id"),
        "current": agreement.ended_at.is_(None) == bindparam("current", type_=BOOLEAN),
    },
    veiled={"agreed_with": {"professional": INSIDE, "citizen": Grant(allow=(agreed_by_reader,))}},
    case_id=agreement.case_id,
    scope="case_id",
    parent=cases,
    lock=(table_of(Case), agreement.case_id),
)
