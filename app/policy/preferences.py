"""How the family wants to be contacted (R137–R141): what is said for all of it, and what each one says for oneself."""

from sqlalchemy import ColumnElement, any_, bindparam, exists
from sqlalchemy.dialects.postgresql import ARRAY

from app.db import columns, table_of
from app.models import ContactPreference, Member, User
from app.policy.actor import ACTOR
from app.policy.cases import FAMILY, INSIDE, LEADING_ROLES, cases, held_by, in_case, joined
from app.policy.core import Policy
from app.policy.rules import UUID_TYPE, Expression, Grant, mine, rule

table = table_of(ContactPreference)
preference, user = columns(ContactPreference), columns(User)
whose, newer = table_of(Member).alias("whose"), table.alias("newer")


@rule
def of_family_or_oneself() -> Expression:
    """It is the preference of the family as a whole, or the reader's own."""
    return preference.member_id.is_(None) | (preference.member_id == any_(ACTOR.persons))


def counts() -> ColumnElement[bool]:
    """No newer one of the same person, or of the family as a whole, stands in the case (R141)."""
    same = (newer.c.case_id == preference.case_id) & newer.c.member_id.is_not_distinct_from(preference.member_id)
    return ~exists().select_from(newer).where(mine(newer), same, newer.c.id > preference.id).correlate_except(newer)


contact_preferences = Policy(
    name="contact_preference",
    table=table,
    source=joined(
        joined(in_case(table), whose, preference.member_id, outer=True), table_of(User), preference.recorded_by
    ),
    columns={
        **{column.name: column for column in preference if column.name != "municipality_id"},
        "member_name": whose.c.name,
        "recorded_by_name": user.name,
        "current": counts(),
    },
    read={"professional": INSIDE, "citizen": Grant(require=(of_family_or_oneself,), allow=FAMILY.allow)},
    filters={
        "case_id": preference.case_id == bindparam("case_id"),
        "case_ids": preference.case_id == any_(bindparam("case_ids", type_=ARRAY(UUID_TYPE))),
        "coordinator_id": preference.case_id == held_by(bindparam("coordinator_id"), *LEADING_ROLES),
        "current": counts() == bindparam("current"),
        "review_due": (counts() & preference.review_on.is_not(None) & (preference.review_on <= ACTOR.today))
        == bindparam("review_due"),
    },
    case_id=preference.case_id,
    member_id=preference.member_id,
    narrow=frozenset({"case_ids", "coordinator_id"}),
    scope="case_id",
    parent=cases,
)
