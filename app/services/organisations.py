"""Outside organisations and the persons to turn to there (R18, R24, R89)."""

from uuid import UUID

from app.db import Row, Transaction
from app.errors import invalid
from app.models import ContactPerson, Organisation
from app.policy import organisations as policies
from app.policy.actor import Actor
from app.schemas.organisations import ContactPersonIn, ContactPersonPatch, OrganisationIn, OrganisationPatch
from app.services.events import emit
from app.services.municipalities import entitled
from app.services.rows import add, change
from app.wire import Condition


async def add_organisation(session: Transaction, actor: Actor, wanted: OrganisationIn) -> Row:
    """A new partner in the registry. Raises Forbidden for who does not keep it, Conflict when the name is taken."""
    await entitled(session, actor, "keep_partners")
    id = await add(session, actor, Organisation, active=True, created_at=actor.at, **wanted.model_dump())
    await emit(session, actor, "organisation.created", id)
    return await policies.organisations.get(session, actor, id)


async def change_organisation(
    session: Transaction, actor: Actor, id: UUID, wanted: OrganisationPatch, condition: Condition
) -> Row:
    """Change a partner, or make it inactive: also one that is in use, whose agreements then show that it has closed."""
    await policies.organisations.get(session, actor, id, "keep_partners", condition)
    values = wanted.model_dump(exclude_unset=True)
    for required in ("name", "kind", "themes", "active"):
        if required in values and values[required] is None:
            raise invalid(f"/{required}", "required")
    if values:
        await change(session, actor, Organisation, id, **values)
        await emit(session, actor, "organisation.changed", id)
    return await policies.organisations.get(session, actor, id)


async def add_contact_person(session: Transaction, actor: Actor, organisation_id: UUID, wanted: ContactPersonIn) -> Row:
    """Somebody to turn to there."""
    await policies.organisations.get(session, actor, organisation_id, "keep_partners")
    values = {"organisation_id": organisation_id, "active": True, "created_at": actor.at, **wanted.model_dump()}
    id = await add(session, actor, ContactPerson, **values)
    await emit(session, actor, "contact_person.added", id)
    return await policies.contact_persons.get(session, actor, id)


async def change_contact_person(
    session: Transaction, actor: Actor, id: UUID, wanted: ContactPersonPatch, condition: Condition
) -> Row:
    """Change somebody's details, or make the person inactive."""
    await policies.contact_persons.get(session, actor, id, "keep_partners", condition)
    values = wanted.model_dump(exclude_unset=True)
    for required in ("name", "active"):
        if required in values and values[required] is None:
            raise invalid(f"/{required}", "required")
    if values:
        await change(session, actor, ContactPerson, id, **values)
        await emit(session, actor, "contact_person.changed", id)
    return await policies.contact_persons.get(session, actor, id)
