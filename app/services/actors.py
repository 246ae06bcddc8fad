"""Who a token's identity is in its municipality, now: one statement a request."""

from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import TEXT, ColumnElement, Select, bindparam, cast, func, select

from app.auth import Identity
from app.db import Transaction, columns, table_of
from app.errors import Unauthorized
from app.models import Member, Position, SettingsVersion, User
from app.policy.actor import Actor, Circumstances
from app.policy.rules import UUID_TYPE, empty
from app.schemas.settings import MunicipalitySettings
from app.services.calendar import birthday_limit

COPENHAGEN: Final = ZoneInfo("Europe/Copenhagen")
DEFAULTS: Final = MunicipalitySettings()
HERE: Final = bindparam("municipality", type_=UUID_TYPE)
user, position, member, settings = columns(User), columns(Position), columns(Member), columns(SettingsVersion)


def _gathered(column: ColumnElement[Any], *conditions: ColumnElement[bool]) -> ColumnElement[Any]:
    found = select(func.array_agg(column.distinct())).where(column.table.c.municipality_id == HERE, *conditions)
    return func.coalesce(found.correlate(table_of(User)).scalar_subquery(), empty(column.type))


def _statement() -> Select[Any]:
    held = (position.user_id == user.id, position.ended_at.is_(None))
    newest = (
        select(settings.document).where(settings.municipality_id == HERE).order_by(settings.version.desc()).limit(1)
    )
    document = newest.scalar_subquery()
    return select(
        user.id,
        user.name,
        user.organisation_id,
        _gathered(position.department_id, *held).label("departments"),
        _gathered(position.department_id, *held, position.role == "professional_head").label("leads"),
        _gathered(position.role, *held).label("roles"),
        _gathered(member.id, member.user_id == user.id).label("persons"),
        cast(document["consent"]["youth_age"].astext, TEXT).label("youth_age"),
        cast(document["consent"]["adult_age"].astext, TEXT).label("adult_age"),
        document["team"]["creator_roles"].label("team_creators"),
        cast(document["consent"]["coordinator_implied"].astext, TEXT).label("coordinator_implied"),
        cast(document["access_log"]["names"].astext, TEXT).label("log_names"),
    ).where(
        user.municipality_id == HERE,
        user.issuer == bindparam("issuer"),
        user.subject == bindparam("subject"),
        user.kind == bindparam("kind"),
        user.active,
    )


STATEMENT: Final = _statement()


async def load(session: Transaction, identity: Identity, asked: Circumstances) -> Actor:
    """The actor of a request. Raises Unauthorized when the municipality has no active account for the identity."""
    values = {
        "municipality": identity.municipality,
        "issuer": identity.issuer,
        "subject": identity.subject,
        "kind": identity.kind,
    }
    found = await session.rows(STATEMENT, values)
    if not found:
        raise Unauthorized("unknown-account")
    row = found[0]
    today = asked.at.astimezone(COPENHAGEN).date()
    return Actor(
        kind=identity.kind,
        user=row.id,
        name=row.name,
        municipality=identity.municipality,
        at=asked.at,
        today=today,
        roles=frozenset(row.roles),
        departments=tuple(row.departments),
        leads=tuple(row.leads),
        persons=tuple(row.persons),
        organisation=row.organisation_id,
        youth_born_by=birthday_limit(today, int(row.youth_age or DEFAULTS.consent.youth_age)),
        adult_born_by=birthday_limit(today, int(row.adult_age or DEFAULTS.consent.adult_age)),
        team_creators=tuple(DEFAULTS.team.creator_roles if row.team_creators is None else row.team_creators),
        coordinator_implied=row.coordinator_implied != "false",
        log_names=row.log_names == "true",
        language=asked.language,
        request_id=asked.request_id,
        purpose=asked.purpose,
    )
