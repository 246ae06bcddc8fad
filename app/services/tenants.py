"""A new municipality: the operator's act, done as the role that owns the schema."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from app.db import Transaction, new_id, table_of
from app.models import Department, LegalReference, Municipality, Position, SettingsVersion, StepTemplate, User
from app.schemas.settings import MunicipalitySettings
from app.services import legal_references
from app.services.catalogue import shipped_template


async def found(
    session: Transaction, *, id: UUID, name: str, code: str, administrator: dict[str, str], fictive: bool
) -> None:
    """Found a municipality: default settings, the shipped templates and references, a department, its administrator.

    `administrator` has issuer, subject and name. The session is one of the schema's owner, in a transaction for the
    new id. Raises IntegrityError when the municipality exists already.
    """
    now, user, department = datetime.now(UTC), new_id(), new_id()
    document = MunicipalitySettings().model_dump(mode="json")
    first: list[tuple[Any, dict[str, Any]]] = [
        (Department, {"id": department, "name": "Administration", **ADMINISTRATION}),
        (User, {"id": user, "kind": "professional", "active": True, "created_at": now, **administrator}),
        (Position, {"user_id": user, "department_id": department, "role": "administrator", "started_at": now}),
        (SettingsVersion, {"version": 1, "document": document, "changed_at": now}),
        *((StepTemplate, _template(model, now)) for model in ("efei", "sof")),
        *((LegalReference, row) for row in legal_references.shipped(now)),
    ]
    own = {"id": id, "name": name, "code": code, "fictive": fictive, "created_at": now}
    await session.execute(insert(table_of(Municipality)), own)
    for model, values in first:
        await session.execute(insert(table_of(model)), {"municipality_id": id, "id": new_id(), **values})


ADMINISTRATION = {"kind": "administration", "sector": "administration", "active": True}


def _template(model: Any, now: datetime) -> dict[str, Any]:
    document = shipped_template(model)
    return {**document.model_dump(mode="json"), "version": 1, "published_at": now}
