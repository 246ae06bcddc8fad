"""Who must sign, and from when to when a consent is in force: as a pure function of the facts (P4, P5, R285, R286)."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.schemas.settings import MunicipalitySettings
from app.services.catalogue import signer_rows
from app.services.signers import ANY, Answer, Facts, Held, Was, begins, birthday, day_of, needed, settled, standing

CHILD, MOTHER, FATHER = (uuid4() for _ in range(3))
BOTH = (Held(MOTHER, date(2010, 1, 1), None), Held(FATHER, date(2010, 1, 1), None))
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
FAR = date(2030, 1, 1)
NO_ONE: frozenset[UUID] = frozenset()


def settings(**consent: Any) -> MunicipalitySettings:
    return MunicipalitySettings.model_validate({"consent": consent})


def facts(
    born: date | None = date(2016, 3, 1),
    said: Mapping[UUID, str | None] | None = None,
    *,
    kind: str = "child",
    custody: tuple[Held, ...] = BOTH,
    categories: tuple[str, ...] = ("school",),
    at: datetime = NOW - timedelta(days=1),
    **consent: Any,
) -> Facts:
    answers = {who: Answer(answer, at) for who, answer in (said or {}).items() if answer is not None}
    return Facts(CHILD, kind, born, custody, frozenset(categories), answers, settings(**consent))


def new(expires_on: date = FAR) -> Was:
    return Was("requested", None, None, expires_on)


def yes(*who: UUID) -> dict[UUID, str | None]:
    return dict.fromkeys(who, "approved")


# --- who


@pytest.mark.parametrize(
    ("age", "categories", "signers", "heard"),
    [
        (9, ("school",), {MOTHER, FATHER}, NO_ONE),
        (10, ("school",), {MOTHER, FATHER}, {CHILD}),
        (14, ("health",), {MOTHER, FATHER}, {CHILD}),
        (15, ("school",), {MOTHER, FATHER, CHILD}, NO_ONE),
        (15, ("health",), {CHILD}, NO_ONE),
        (15, ("health", "school"), {MOTHER, FATHER, CHILD}, NO_ONE),
        (17, (ANY,), {MOTHER, FATHER, CHILD}, NO_ONE),
        (15, ("health", ANY), {MOTHER, FATHER, CHILD}, NO_ONE),
        (15, (), {MOTHER, FATHER, CHILD}, NO_ONE),
        (18, ("school",), {CHILD}, NO_ONE),
        (18, ("health",), {CHILD}, NO_ONE),
    ],
)
def test_who_signs_goes_by_age_and_category(
    age: int, categories: tuple[str, ...], signers: set[UUID], heard: set[UUID]
) -> None:
    need = needed(facts(birthday(day_of(NOW), -age), categories=categories), day_of(NOW))
    assert (set(need.signers), need.heard) == (signers, heard)


@pytest.mark.parametrize("kind", ["adult", "network"])
def test_an_adult_signs_alone_for_oneself(kind: str) -> None:
    for born in (None, date(1980, 1, 1)):
        assert needed(facts(born, kind=kind, custody=()), day_of(NOW)).signers == [CHILD]


def test_the_ages_are_the_municipalitys() -> None:
    of_thirteen = birthday(day_of(NOW), -13)
    assert CHILD in needed(facts(of_thirteen, youth_age=13), day_of(NOW)).signers
    assert needed(facts(of_thirteen, child_voice_age=14), day_of(NOW)).heard == NO_ONE


def test_the_shipped_rows_are_what_policy_says() -> None:
    rows = {(row.subject, row.category, row.from_): set(row.signers) for row in signer_rows()}
    assert rows == {
        ("child", "any", 0): {"custody"},
        ("child", "any", "youth_age"): {"custody", "subject"},
        ("child", "health", "youth_age"): {"subject"},
        ("child", "any", "adult_age"): {"subject"},
        ("adult", "any", 0): {"subject"},
        ("network", "any", 0): {"subject"},
    }


# --- one "no" is no


SAID = (None, "approved", "declined", "withdrawn")


@pytest.mark.parametrize("rule", ["all", "any"])
@pytest.mark.parametrize(("mother", "father"), list(product(SAID, SAID)))
def test_joint_custody(rule: str, mother: str | None, father: str | None) -> None:
    """P5: the whole truth table, under both settings of `consent.joint_rule`."""
    said = {mother, father}
    if "withdrawn" in said:
        expected = "withdrawn"
    elif "declined" in said:
        expected = "declined"
    elif said == {"approved"} or (rule == "any" and "approved" in said):
        expected = "signed"
    else:
        expected = "lacking"
    assert standing(facts(said={MOTHER: mother, FATHER: father}, joint_rule=rule), day_of(NOW)) == expected


@pytest.mark.parametrize("rule", ["all", "any"])
@pytest.mark.parametrize("young", SAID)
def test_the_young_persons_own_signature_is_never_anybody_elses(rule: str, young: str | None) -> None:
    born = birthday(day_of(NOW), -16)
    expected = {None: "lacking", "approved": "signed"}.get(young, young)
    for said in ({**yes(MOTHER, FATHER), CHILD: young}, {**yes(MOTHER), CHILD: young}):
        found = standing(facts(born, said, joint_rule=rule), day_of(NOW))
        both = len(said) == 3
        assert found == ("lacking" if expected == "signed" and not (both or rule == "any") else expected)
    alone = facts(born, {CHILD: young, MOTHER: "declined"}, categories=("health",), joint_rule=rule)
    assert standing(alone, day_of(NOW)) == expected, "for health the parents are not asked"


def test_nobody_with_custody_means_never_in_force() -> None:
    for rule in ("all", "any"):
        for custody in ((), (Held(MOTHER, date(2010, 1, 1), date(2020, 1, 1)),)):
            lonely = facts(said=yes(MOTHER, FATHER, CHILD), custody=custody, joint_rule=rule)
            assert settled(new(), lonely, NOW).state == "requested"
            assert needed(lonely, day_of(NOW)).signers == []


def test_who_has_no_custody_today_neither_signs_nor_declines() -> None:
    custody = (BOTH[0], Held(FATHER, date(2010, 1, 1), day_of(NOW)))
    assert standing(facts(said={**yes(MOTHER), FATHER: "declined"}, custody=custody), day_of(NOW)) == "signed"


# --- from when to when


def test_it_begins_with_the_last_signature() -> None:
    signed = {MOTHER: Answer("approved", NOW - timedelta(days=2)), FATHER: Answer("approved", NOW)}
    whole = facts()
    known = Facts(whole.subject, whole.kind, whole.born, BOTH, whole.categories, signed, whole.settings)
    now = settled(new(), known, NOW)
    assert (now.state, now.active_from, now.active_until, now.ended_at) == ("active", NOW, begins(FAR), None)
    behind = settled(new(), known, NOW - timedelta(milliseconds=20))
    assert behind.active_from == NOW, "another process's clock was ahead"


@pytest.mark.parametrize(
    ("day", "instant"),
    [
        (date(2026, 3, 29), datetime(2026, 3, 28, 23, tzinfo=UTC)),
        (date(2026, 3, 30), datetime(2026, 3, 29, 22, tzinfo=UTC)),
        (date(2026, 10, 25), datetime(2026, 10, 24, 22, tzinfo=UTC)),
        (date(2026, 10, 26), datetime(2026, 10, 25, 23, tzinfo=UTC)),
        (date(2028, 2, 29), datetime(2028, 2, 28, 23, tzinfo=UTC)),
        (date(2027, 1, 1), datetime(2026, 12, 31, 23, tzinfo=UTC)),
    ],
)
def test_a_day_begins_at_midnight_in_copenhagen(day: date, instant: datetime) -> None:
    """Both days on which the clocks are moved, and the day after each: P4."""
    assert begins(day) == instant
    second = timedelta(seconds=1)
    assert (day_of(instant - second), day_of(instant)) == (day - timedelta(days=1), day)


@pytest.mark.parametrize("last", [date(2026, 3, 29), date(2026, 3, 30), date(2026, 10, 25), date(2028, 2, 29)])
def test_it_expires_to_the_second(last: date) -> None:
    signed = facts(date(2020, 1, 1), yes(MOTHER, FATHER), at=begins(last) - timedelta(days=9))
    for seconds, state in ((-1, "active"), (0, "expired"), (1, "expired")):
        at = begins(last) + timedelta(seconds=seconds)
        before = Was("active", begins(last) - timedelta(days=9), begins(last), last)
        now = settled(before, signed, at)
        assert (now.state, now.active_until) == (state, begins(last))
        assert now.ended_at == (None if state == "active" else begins(last))
        assert (now.changes_on is None) is (state == "expired")


@pytest.mark.parametrize(
    ("born", "youth"),
    [
        (date(2011, 6, 15), date(2026, 6, 15)),
        (date(2012, 2, 29), date(2027, 3, 1)),
        (date(2011, 3, 29), date(2026, 3, 29)),
        (date(2011, 10, 25), date(2026, 10, 25)),
    ],
)
def test_the_young_persons_birthday_ends_it_without_her_signature(born: date, youth: date) -> None:
    at = begins(youth) - timedelta(seconds=1)
    signed = facts(born, yes(MOTHER, FATHER), at=at - timedelta(days=1))
    before = settled(new(), signed, at)
    assert (before.state, before.active_until, before.changes_on) == ("active", begins(youth), youth)
    assert before.heard == [CHILD]
    was = Was("active", before.active_from, before.active_until, FAR)
    after = settled(was, signed, begins(youth))
    assert (after.state, after.active_until, after.ended_at) == ("renewal_needed", begins(youth), None)
    assert (set(after.signers), after.heard) == ({MOTHER, FATHER, CHILD}, [])
    later = begins(youth) + timedelta(days=3)
    again = settled(
        Was("renewal_needed", after.active_from, after.active_until, FAR),
        facts(born, yes(MOTHER, FATHER, CHILD), at=later),
        later,
    )
    assert (again.state, again.active_from) == ("active", later)


def test_health_goes_over_to_the_young_person_alone() -> None:
    born = date(2011, 6, 15)
    whole = settled(new(), facts(born, yes(MOTHER, FATHER), categories=("health",)), NOW)
    assert whole.active_until == begins(date(2026, 6, 15))


@pytest.mark.parametrize("own", [True, False])
def test_the_day_of_majority_ends_what_the_parents_alone_signed(own: bool) -> None:
    born = date(2008, 7, 1)
    signed = facts(born, yes(MOTHER, FATHER, *([CHILD] if own else [])), youth_age=18)
    before = settled(new(), signed, NOW)
    assert before.active_until == (begins(FAR) if own else begins(date(2026, 7, 1)))
    after = settled(
        Was("active", before.active_from, before.active_until, FAR), signed, datetime(2026, 7, 2, tzinfo=UTC)
    )
    assert (after.state, after.signers) == ("active" if own else "renewal_needed", [CHILD])


def test_custody_that_is_known_to_come_ends_it_on_its_day() -> None:
    comes = (BOTH[0], Held(FATHER, date(2026, 9, 1), None))
    before = settled(new(), facts(said=yes(MOTHER), custody=comes), NOW)
    assert (before.state, before.signers) == ("active", [MOTHER])
    assert (before.active_until, before.changes_on) == (begins(date(2026, 9, 1)), date(2026, 9, 1))
    under_any = settled(new(), facts(said=yes(MOTHER), custody=comes, joint_rule="any"), NOW)
    assert under_any.active_until == begins(FAR)
    beyond = settled(new(date(2026, 8, 1)), facts(said=yes(MOTHER), custody=comes), NOW)
    assert beyond.active_until == begins(date(2026, 8, 1))


def test_custody_that_ends_needs_nobody_less_and_nobody_more() -> None:
    ends = (BOTH[0], Held(FATHER, date(2010, 1, 1), date(2026, 9, 1)))
    both = settled(new(), facts(said=yes(MOTHER, FATHER), custody=ends), NOW)
    assert both.active_until == begins(FAR), "the mother's signature is enough from then on"
    one = settled(new(), facts(said=yes(MOTHER), custody=ends), NOW)
    assert (one.state, one.changes_on) == ("requested", date(2026, 9, 1))
    later = settled(new(), facts(said=yes(MOTHER), custody=ends), begins(date(2026, 9, 1)))
    assert (later.state, later.active_from) == ("active", begins(date(2026, 9, 1)))
    under_any = settled(new(), facts(said=yes(FATHER), custody=ends, joint_rule="any"), NOW)
    assert under_any.active_until == begins(date(2026, 9, 1)), "he who signed has custody no more"


def test_custody_that_changes_now_empties_the_range() -> None:
    """P3: no two clocks are compared."""
    was = Was("active", NOW - timedelta(hours=1), begins(FAR), FAR)
    now = settled(was, facts(said=yes(MOTHER)), NOW)
    assert (now.state, now.active_from, now.active_until) == ("renewal_needed", was.active_from, was.active_from)
    late = Was("active", NOW + timedelta(milliseconds=20), begins(FAR), FAR)
    assert settled(late, facts(said=yes(MOTHER)), NOW).active_until == late.active_from
    again = settled(Was(now.state, now.active_from, now.active_until, FAR), facts(said=yes(MOTHER)), NOW)
    assert (again.state, again.active_until) == (now.state, now.active_until)


@pytest.mark.parametrize("no", ["declined", "withdrawn"])
def test_a_no_ends_it_at_once(no: str) -> None:
    was = Was("active", NOW - timedelta(hours=1), begins(FAR), FAR)
    now = settled(was, facts(said={**yes(MOTHER), FATHER: no}), NOW)
    assert (now.state, now.active_until, now.ended_at) == (no, was.active_from, NOW)
    never = settled(new(), facts(said={**yes(MOTHER), FATHER: no}), NOW)
    assert (never.state, never.active_from, never.active_until) == (no, None, None)


def test_what_is_in_force_keeps_its_beginning() -> None:
    was = Was("active", NOW - timedelta(days=5), begins(FAR), FAR)
    now = settled(was, facts(said=yes(MOTHER, FATHER)), NOW)
    assert (now.state, now.active_from, now.active_until) == ("active", was.active_from, was.active_until)


def test_a_request_nobody_answered_expires_too() -> None:
    now = settled(new(day_of(NOW)), facts(), NOW)
    assert (now.state, now.active_from, now.active_until) == ("expired", None, None)
    assert now.ended_at == begins(day_of(NOW))


def test_a_clock_behind_at_midnight_never_turns_a_range_round() -> None:
    midnight = begins(date(2026, 6, 2))
    signed = facts(said=yes(MOTHER, FATHER), at=midnight + timedelta(milliseconds=5))
    now = settled(new(date(2026, 6, 2)), signed, midnight - timedelta(milliseconds=5))
    assert now.active_from is not None
    assert now.active_until == now.active_from
