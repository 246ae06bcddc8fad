"""The random worlds are worth their while: each condition of the oracle decides over some document in one of them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from hypothesis import given, settings

from tests.policy import oracle_documents as oracle
from tests.policy.random_worlds import Facts, judging, worlds

CONDITIONS: dict[str, bool] = {
    # a question of the oracle, and the answer that would open more
    "works_here": True,
    "department_is_here": True,
    "_reviewed": True,
    "in_force": True,
    "names": True,
    "speaks_of": True,
    "on_consent_only": False,
    "hides_an_address": False,
    "withheld": False,
}
OPENINGS: dict[str, bool] = {"visits": False, "owns": False, "breaks_the_glass": False, "is_theirs": False}
"""The other way: without that answer less is open."""
COLUMNS: dict[tuple[str, str], Any] = {
    ("cases", "sealed"): False,
    ("documents", "author_only"): False,
    ("shares", "revoked_at"): None,
    ("withholdings", "ended_at"): None,
    ("bases", "kind"): "consent",
}
Readable = set[tuple[UUID, UUID]]


def readable(facts: Facts) -> Readable:
    return {
        (who["id"], row["id"]) for who in facts.readers() for row in facts["documents"] if oracle.reads(facts, who, row)
    }


@contextmanager
def instead(name: str, answer: bool) -> Iterator[None]:
    genuine: Callable[..., bool] = getattr(oracle, name)
    setattr(oracle, name, lambda *_: answer)
    try:
        yield
    finally:
        setattr(oracle, name, genuine)


@contextmanager
def with_column(facts: Facts, table: str, column: str, value: Any) -> Iterator[None]:
    genuine = [row.get(column) for row in facts[table]]
    for row in facts[table]:
        row[column] = value
    try:
        yield
    finally:
        for row, was in zip(facts[table], genuine, strict=True):
            row[column] = was


@dataclass
class Seen:
    """What has decided so far, and how each kind of reader came to read."""

    decided: set[str] = field(default_factory=set)
    opened: set[tuple[str, str]] = field(default_factory=set)

    def look(self, facts: Facts) -> None:
        before = readable(facts)
        for name, answer in (CONDITIONS | OPENINGS).items():
            with instead(name, answer):
                self.decided |= {name} if readable(facts) != before else set()
        for (table, column), value in COLUMNS.items():
            with with_column(facts, table, column, value):
                self.decided |= {f"{table}.{column}"} if readable(facts) != before else set()
        kinds = {user["id"]: user for user in facts["users"]}
        documents = {row["id"]: row for row in facts["documents"]}
        for who, row in before:
            for way, of in (("consent", {"consent"}), ("statute", {"consent", "statute"})):
                if oracle.shared(facts, kinds[who], documents[row], of):
                    self.opened.add((kinds[who]["kind"], way))
                    break


def test_every_condition_decides_in_some_world() -> None:
    seen = Seen()

    @settings(judging(80), derandomize=True)
    @given(facts=worlds())
    def look(facts: Facts) -> None:
        seen.look(facts)

    look()
    assert {*CONDITIONS, *OPENINGS, *(".".join(column) for column in COLUMNS)} - seen.decided == set()
    kinds = ("professional", "citizen", "service")
    assert {(kind, way) for kind in kinds for way in ("consent", "statute")} - seen.opened == set()
