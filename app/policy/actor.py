"""Who asks, where and when; and the bind parameters by which rules speak of that."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from types import SimpleNamespace
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import BOOLEAN, DATE, TEXT, TIMESTAMP, bindparam
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.types import TypeEngine

Kind = Literal["professional", "citizen", "service"]
KINDS: tuple[Kind, ...] = ("professional", "citizen", "service")
Language = Literal["da", "en"]


@dataclass(frozen=True, slots=True)
class Circumstances:
    """How a request came: at what instant (UTC), in which language, under which id, with what note for the log."""

    at: datetime
    language: Language = "da"
    request_id: str = ""
    purpose: str | None = None


@dataclass(frozen=True)
class Actor:
    """One request's asker: one user in one municipality at one instant (`at`).

    `departments` are those the user works in (or, for a service, acts for); `leads` those where the user is
    professional head; `persons` the family members that the user is; `organisation` the outside one that the user
    works for. `youth_born_by` is the last birthday of a young person who acts for herself, `adult_born_by` of one who
    is of age; `team_creators` is the setting `team.creator_roles` (X8), `coordinator_implied` the setting
    `consent.coordinator_implied` (X33), `log_names` whether the family's log shows names.
    """

    kind: Kind
    user: UUID
    municipality: UUID
    at: datetime
    roles: frozenset[str] = frozenset()
    departments: tuple[UUID, ...] = ()
    leads: tuple[UUID, ...] = ()
    persons: tuple[UUID, ...] = ()
    organisation: UUID | None = None
    youth_born_by: date = date.min
    adult_born_by: date = date.min
    today: date = date.min
    team_creators: tuple[str, ...] = ()
    coordinator_implied: bool = True
    log_names: bool = False
    language: Language = "da"
    request_id: str = ""
    purpose: str | None = None
    name: str = field(default="", repr=False)

    @property
    def recipients(self) -> list[UUID]:
        """Whom a share or a consent can name so that it reaches the reader: ids of different tables never meet."""
        outside = () if self.organisation is None else (self.organisation,)
        return [self.user, *self.departments, *outside, *self.persons]

    @cached_property
    def parameters(self) -> Mapping[str, Any]:
        """The value of each ACTOR parameter; what every policy statement is executed with."""
        return {
            "actor_municipality": self.municipality,
            "actor_user": self.user,
            "actor_kind": self.kind,
            "actor_roles": sorted(self.roles),
            "actor_departments": list(self.departments),
            "actor_leads": list(self.leads),
            "actor_persons": list(self.persons),
            "actor_recipients": self.recipients,
            "actor_at": self.at,
            "actor_today": self.today,
            "actor_youth_born_by": self.youth_born_by,
            "actor_adult_born_by": self.adult_born_by,
            "actor_team_creators": list(self.team_creators),
            "actor_coordinator_implied": self.coordinator_implied,
            "actor_log_names": self.log_names,
            "actor_request_id": self.request_id,
            "actor_purpose": self.purpose,
        }


def on_its_own(municipality: UUID, at: datetime, today: date) -> Actor:
    """What the passing of time does in a municipality, in nobody's name: it opens nothing, and stands in events."""
    return Actor(kind="service", user=UUID(int=0), municipality=municipality, at=at, today=today)


_ids = ARRAY(PG_UUID(as_uuid=True))
_types: dict[str, TypeEngine[Any]] = {
    "municipality": PG_UUID(as_uuid=True),
    "user": PG_UUID(as_uuid=True),
    "kind": TEXT(),
    "roles": ARRAY(TEXT()),
    "departments": _ids,
    "leads": _ids,
    "persons": _ids,
    "recipients": _ids,
    "at": TIMESTAMP(timezone=True),
    "today": DATE(),
    "youth_born_by": DATE(),
    "adult_born_by": DATE(),
    "team_creators": ARRAY(TEXT()),
    "coordinator_implied": BOOLEAN(),
    "log_names": BOOLEAN(),
    "request_id": TEXT(),
    "purpose": TEXT(),
}

ACTOR: Any = SimpleNamespace(**{name: bindparam(f"actor_{name}", type_=type_) for name, type_ in _types.items()})
"""The actor as SQL: `ACTOR.user`, `ACTOR.leads` … are bind parameters, so a rule is one constant expression."""
