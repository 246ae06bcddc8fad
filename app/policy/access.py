"""Who may see what in a case, and who lacks what: for those inside it, and for the family (R287, R289)."""

from app.policy.cases import CONTENT, case, table
from app.policy.core import Policy

case_access = Policy(
    name="case_access",
    table=table,
    columns={name: case[name] for name in ("id", "family_id")},
    read=CONTENT,  # each is told only of documents that they may read themselves
    case_id=case.id,
)

consent_gaps = Policy(
    name="consent_gap",
    table=table,
    columns={name: case[name] for name in ("id", "family_id")},
    read=CONTENT,
    case_id=case.id,
)
