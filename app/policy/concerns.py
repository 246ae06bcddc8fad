"""How worried one is about the child, and the cases that members of the family have elsewhere (R34, R74): content."""

from sqlalchemy import any_, bindparam

from app.db import columns, table_of
from app.models import Case, Concern, Department, Member, RelatedCase, User
from app.policy.actor import ACTOR
from app.policy.cases import CONTENT, FAMILY, INSIDE, TEAMWORK, cases, children_in_custody, in_case, joined
from app.policy.core import Policy
from app.policy.rules import Expression, Grant, rule

concern, related, user = columns(Concern), columns(RelatedCase), columns(User)

concerns = Policy(
    name="concern",
    table=table_of(Concern),
    source=joined(in_case(table_of(Concern)), table_of(User), concern.rated_by),
    columns={
        **{column.name: column for column in concern if column.name != "municipality_id"},
        "rated_by_name": user.name,
    },
    read=CONTENT,
    filters={"case_id": concern.case_id == bindparam("case_id")},
    case_id=concern.case_id,
    scope="case_id",
    parent=cases,
)


@rule
def own_or_childs_case() -> Expression:
    """The case elsewhere is the reader's own, or that of a child, not of age, in the reader's custody today."""
    return (related.member_id == any_(ACTOR.persons)) | (related.member_id == children_in_custody())


whose = table_of(Member).alias("whose")

related_cases = Policy(
    name="related_case",
    table=table_of(RelatedCase),
    source=joined(
        joined(in_case(table_of(RelatedCase)), whose, related.member_id),
        table_of(Department),
        related.department_id,
        outer=True,
    ),
    columns={
        **{column.name: column for column in related if column.name != "municipality_id"},
        "member_name": whose.c.name,
        "department_name": columns(Department).name,
    },
    read={"professional": INSIDE, "citizen": Grant(require=(own_or_childs_case,), allow=FAMILY.allow)},
    actions={"end_related_case": TEAMWORK},
    filters={
        "case_id": related.case_id == bindparam("case_id"),
        "current": related.ended_at.is_(None) == bindparam("current"),
    },
    case_id=related.case_id,
    member_id=related.member_id,
    scope="case_id",
    parent=cases,
    lock=(table_of(Case), related.case_id),
)
