"""Who must sign a consent, and from when to when it is in force: pure, from facts alone (R285, R286, P4, P5).

Who signs is data (`templates/signers.yaml`), read with the municipality's ages. A day begins at midnight in Copenhagen,
and nothing changes within one but by what people do: so the facts are asked about days, and the end is known ahead.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Final, Literal
from uuid import UUID

from app.schemas.consents import SignerRow
from app.schemas.settings import MunicipalitySettings
from app.services.actors import COPENHAGEN
from app.services.catalogue import signer_rows

ANY: Final = "any"
"""The category of what is named by a folder: it may hold anything."""
Standing = Literal["signed", "lacking", "declined", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Held:
    """Custody of the subject, from a day to the first day without it."""

    holder: UUID
    valid_from: date
    valid_until: date | None

    def on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_until is None or day < self.valid_until)


@dataclass(frozen=True, slots=True)
class Answer:
    """What one of those who must sign answered last, and when. What a child said when only heard is none."""

    answer: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Facts:
    """What decides who signs, and who has: about one subject, and the categories that one consent covers."""

    subject: UUID
    kind: str
    born: date | None
    custody: Sequence[Held]
    categories: frozenset[str]
    answers: Mapping[UUID, Answer]
    settings: MunicipalitySettings


@dataclass(frozen=True, slots=True)
class Needed:
    """Who must sign on a day: the holders of custody (all or any of them), and the subject; or is heard before."""

    custody: frozenset[UUID]
    by_custody: bool
    subject: frozenset[UUID]
    heard: frozenset[UUID]

    @property
    def signers(self) -> list[UUID]:
        return sorted(self.custody | self.subject)


@dataclass(frozen=True, slots=True)
class Was:
    """How a consent stood until now."""

    state: str
    active_from: datetime | None
    active_until: datetime | None
    expires_on: date


@dataclass(frozen=True, slots=True)
class Stands:
    """How a consent stands now. Without an end by itself before `active_until`, and settled again on `changes_on`."""

    state: str
    active_from: datetime | None
    active_until: datetime | None
    ended_at: datetime | None
    changes_on: date | None
    signers: list[UUID]
    heard: list[UUID]


def day_of(moment: datetime) -> date:
    return moment.astimezone(COPENHAGEN).date()


def begins(day: date) -> datetime:
    """The first instant of a day; the clocks are never moved at midnight."""
    return datetime.combine(day, time(), COPENHAGEN).astimezone(UTC)


def birthday(born: date, age: int) -> date:
    """The day on which somebody is of this age; born on 29 February, in other years 1 March."""
    try:
        return born.replace(year=born.year + age)
    except ValueError:
        return date(born.year + age, 3, 1)


def needed(facts: Facts, day: date) -> Needed:
    """Who must sign on this day, and who is heard. With custody unknown nobody can sign what takes custody."""
    parts = {part for category in facts.categories or {ANY} for part in _row(facts, category, day).signers}
    own = frozenset({facts.subject}) if "subject" in parts else frozenset[UUID]()
    holders = frozenset(held.holder for held in facts.custody if held.on(day)) if "custody" in parts else frozenset()
    listens = facts.kind == "child" and not own and _reached(facts, facts.settings.consent.child_voice_age, day)
    return Needed(holders, "custody" in parts, own, frozenset({facts.subject}) if listens else frozenset())


def _row(facts: Facts, category: str, day: date) -> SignerRow:
    """The row that counts: of the highest age reached, and of those the one that names the category."""
    fits = [
        (_age(row, facts.settings), row.category != ANY, place, row)
        for place, row in enumerate(signer_rows())
        if row.subject == facts.kind
        and row.category in (category, ANY)
        and _reached(facts, _age(row, facts.settings), day)
    ]
    return max(fits, key=lambda one: one[:3])[3]


def _age(row: SignerRow, settings: MunicipalitySettings) -> int:
    age: int = row.from_ if isinstance(row.from_, int) else getattr(settings.consent, row.from_)
    return age


def _reached(facts: Facts, age: int, day: date) -> bool:
    return age == 0 or (facts.born is not None and birthday(facts.born, age) <= day)


def standing(facts: Facts, day: date) -> Standing:
    """How far the signatures are on this day. One "no" is no, also where one of several is enough (P5)."""
    need = needed(facts, day)
    said = {who: facts.answers[who].answer for who in need.signers if who in facts.answers}
    for no in ("withdrawn", "declined"):
        if no in said.values():
            return no
    yes = {who for who, answer in said.items() if answer == "approved"}
    enough = bool(need.custody & yes) if facts.settings.consent.joint_rule == "any" else need.custody <= yes
    by_custody = not need.by_custody or (bool(need.custody) and enough)
    return "signed" if yes and by_custody and need.subject <= yes else "lacking"


def settled(was: Was, facts: Facts, at: datetime) -> Stands:
    """How a consent that is awaited or in force stands at this instant.

    What ends by a day that was known keeps its range. What ends now has an empty one, so that no two clocks are
    compared (P3).
    """
    today = day_of(at)
    need = needed(facts, today)
    people = need.signers, sorted(need.heard)
    if was.expires_on <= today:
        return Stands("expired", was.active_from, was.active_until, begins(was.expires_on), None, *people)
    stands = standing(facts, today)
    if stands in ("declined", "withdrawn"):
        return Stands(stands, was.active_from, was.active_from, at, None, *people)
    changes_on = min([day for day in _turns(facts) if day > today] + [was.expires_on])
    if stands == "signed":
        begun = was.active_from if _runs(was, at) else max([at, *_approvals(facts, need)])
        until = begins(_end(facts, today, was.expires_on))
        return Stands("active", begun, max(until, begun or until), None, changes_on, *people)
    if was.active_from is None:
        return Stands("requested", None, None, None, changes_on, *people)
    ended = was.active_from if _runs(was, at) else was.active_until
    return Stands("renewal_needed", was.active_from, ended, None, changes_on, *people)


def _runs(was: Was, at: datetime) -> bool:
    return was.state == "active" and was.active_until is not None and at < was.active_until


def _approvals(facts: Facts, need: Needed) -> Iterator[datetime]:
    """When those who must sign did; two who sign at once are settled in the order in which they were let in."""
    given = (facts.answers[who] for who in need.signers if who in facts.answers)
    return (one.at for one in given if one.answer == "approved")


def _end(facts: Facts, today: date, expires_on: date) -> date:
    """The first day on which it is no longer signed by all whom it takes, or on which it expires."""
    ahead = sorted(day for day in _turns(facts) if today < day < expires_on)
    return next((day for day in ahead if standing(facts, day) != "signed"), expires_on)


def _turns(facts: Facts) -> set[date]:
    """The days on which somebody else may have to sign: birthdays, and custody that begins or ends."""
    ages = {_age(row, facts.settings) for row in signer_rows()} | {facts.settings.consent.child_voice_age}
    birthdays = {birthday(facts.born, age) for age in ages if age} if facts.born is not None else set()
    return birthdays | {day for held in facts.custody for day in (held.valid_from, held.valid_until) if day is not None}
