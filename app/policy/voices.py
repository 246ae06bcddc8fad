"""Statements of the family in their own words: theirs, and theirs to decide who reads them (R180, R299, R316).

An audience is chosen by the author alone: nobody else, the case's advisers, or all who work on the case. Being a
leader, a parent or a system opens none of it. A child's words reach those with custody only where that was chosen too.
"""

from sqlalchemy import BOOLEAN, any_, bindparam
from sqlalchemy import case as when

from app.db import columns, table_of
from app.models import Case, Member, Statement, StatementVersion, User
from app.policy.actor import ACTOR
from app.policy.cases import (
    INSIDE,
    buddy_of_case,
    case,
    cases,
    children_in_custody,
    coordinator_of_case,
    in_case,
    joined,
)
from app.policy.closing import sealed_case
from app.policy.core import Policy
from app.policy.documents import REACH
from app.policy.rules import Expression, Grant, Grants, rule, some

table, statement, version = table_of(Statement), columns(Statement), columns(StatementVersion)
member = columns(Member)


@rule
def own_words() -> Expression:
    """The words are the reader's own."""
    return statement.author_id == any_(ACTOR.persons)


@rule
def childs_words_for_custody() -> Expression:
    """They are the words of a child in the reader's custody today, and the child wants those with custody to read them.

    With an audience of the author alone nobody else does (R180).
    """
    meant = statement.for_custody & (statement.audience != "author")
    return meant & (statement.author_id == children_in_custody())


@rule
def words_for_the_reader() -> Expression:
    """The author chose the case's advisers, and the reader is one; or all who work on it; or told it to the reader."""
    advises = coordinator_of_case.holds | buddy_of_case.holds
    meant = (statement.audience == "team") | ((statement.audience == "coordinator") & advises)
    return meant | (statement.created_by == ACTOR.user)


def _author_is(*conditions: Expression) -> Expression:
    return some(table_of(Member), member.id == statement.author_id, *conditions)


@rule
def wrote_it_down() -> Expression:
    """The reader wrote the words down, of a child or of somebody who cannot sign in."""
    whose = _author_is((member.kind == "child") | member.user_id.is_(None))
    return (statement.created_by == ACTOR.user) & whose


@rule
def wrote_it_down_for_one_without_login() -> Expression:
    """The reader wrote the words down, and the author, who decides about them, cannot sign in to do so."""
    return (statement.created_by == ACTOR.user) & _author_is(member.user_id.is_(None))


READ: Grants = {
    "professional": Grant(require=(words_for_the_reader,), allow=INSIDE.allow, deny=(sealed_case,)),
    "citizen": Grant(allow=(own_words, childs_words_for_custody), deny=(sealed_case,)),
}
author, recorder = table_of(Member).alias("author"), table_of(User).alias("recorder")
current = table_of(StatementVersion).alias("current")
newest = (
    (current.c.municipality_id == statement.municipality_id)
    & (current.c.statement_id == statement.id)
    & (current.c.number == statement.version)
)

statements = Policy(
    name="statement",
    table=table,
    judged_on=in_case(table),
    source=joined(
        joined(in_case(table), author, statement.author_id).join(current, newest), recorder, current.c.recorded_by
    ),
    columns={
        **{column.name: column for column in statement if column.name != "municipality_id"},
        **{name: current.c[name] for name in ("body", "language", "given", "recorded_at", "recorded_by")},
        "author_name": author.c.name,
        "author_kind": author.c.kind,
        "recorded_by_name": when((recorder.c.kind == "professional", recorder.c.name)),
        "case_state": case.state,
    },
    read=READ,
    actions={
        "add_words": {"professional": Grant(allow=(wrote_it_down,)), "citizen": Grant(allow=(own_words,))},
        "set_scope": {
            "professional": Grant(allow=(wrote_it_down_for_one_without_login,)),
            "citizen": Grant(allow=(own_words,)),
        },
    },
    filters={
        "case_id": statement.case_id == bindparam("case_id"),
        "author_id": statement.author_id == bindparam("author_id"),
        "audience": statement.audience == bindparam("audience"),
        "own": own_words.holds == bindparam("own", type_=BOOLEAN),
    },
    case_id=statement.case_id,
    member_id=statement.author_id,
    reach={kind: REACH[kind] for kind in ("professional", "citizen")},
    scope="case_id",
    parent=cases,
    lock=(table_of(Case), statement.case_id),
)

statement_versions = Policy(
    name="statement_version",
    table=table_of(StatementVersion),
    source=joined(
        joined(joined(table_of(StatementVersion), table, version.statement_id), table_of(Case), statement.case_id),
        recorder,
        version.recorded_by,
    ),
    columns={
        **{column.name: column for column in version if column.name != "municipality_id"},
        "recorded_by_name": when((recorder.c.kind == "professional", recorder.c.name)),
    },
    read=READ,
    filters={"statement_id": version.statement_id == bindparam("statement_id")},
    case_id=statement.case_id,
    member_id=statement.author_id,
    scope="statement_id",
    parent=statements,
)
