"""Deviations from the municipality's own rules, each with its reason (R456)."""

from sqlalchemy import bindparam

from app.db import columns, table_of
from app.models import Deviation, User
from app.policy.actor import ACTOR
from app.policy.cases import FAMILY, INSIDE, READERS, cases, in_case, joined, leads_owner_department
from app.policy.core import Policy
from app.policy.rules import Expression, Grant, is_one, rule

deviation = columns(Deviation)


@rule
def deviation_of_organisation() -> Expression:
    """The reason is about how the work is organised, and not about contact around the family."""
    return is_one(deviation.kind, "caseload_over_norm", "step_started_early", "paragraph_sets_missing")


@rule
def not_anothers_workload() -> Expression:
    """It is not about how many cases an adviser has: that is between the adviser and the leader (R125, R457)."""
    leader = (ACTOR.kind == "professional") & leads_owner_department.holds
    return (deviation.kind != "caseload_over_norm") | (deviation.user_id == ACTOR.user) | leader


def _but_workload(grant: Grant) -> Grant:
    return Grant((*grant.require, not_anothers_workload), grant.allow, grant.deny)


deviations = Policy(
    name="deviation",
    table=table_of(Deviation),
    source=joined(in_case(table_of(Deviation)), table_of(User), deviation.user_id, outer=True),
    columns={
        **{column.name: column for column in deviation if column.name != "municipality_id"},
        "user_name": columns(User).name,
    },
    read={kind: _but_workload(grant) for kind, grant in READERS.items()},
    filters={
        "case_id": deviation.case_id == bindparam("case_id"),
        "kind": deviation.kind == bindparam("kind"),
    },
    veiled={
        "reason": {"professional": Grant(allow=(*INSIDE.allow, deviation_of_organisation)), "citizen": FAMILY},
    },
    case_id=deviation.case_id,
    scope="case_id",
    parent=cases,
)
