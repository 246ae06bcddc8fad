"""Outside organisations, and the persons to turn to there."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from app.answers import created, many, one
from app.policy import organisations as policies
from app.routing import CurrentActor, Session, if_match
from app.routing import router as routed
from app.schemas.base import PageOut
from app.schemas.organisations import (
    ContactPersonIn,
    ContactPersonOut,
    ContactPersonPatch,
    ContactPersonQuery,
    OrganisationIn,
    OrganisationOut,
    OrganisationPatch,
    OrganisationQuery,
)
from app.services import organisations
from app.wire import Condition

router = routed("partners")


@router.post("/organisations", status_code=201, response_model=OrganisationOut)
async def add_organisation(wanted: OrganisationIn, actor: CurrentActor, session: Session) -> Response:
    """Add an outside organisation to the registry of partners."""
    return created(OrganisationOut, await organisations.add_organisation(session, actor, wanted), "/v1/organisations")


@router.get("/organisations", response_model=PageOut[OrganisationOut])
async def list_organisations(
    query: Annotated[OrganisationQuery, Query()], actor: CurrentActor, session: Session
) -> Response:
    """The outside organisations; `theme` finds those that can help with something."""
    return many(OrganisationOut, await policies.organisations.page(session, actor, **query.wanted()))


@router.get("/organisations/{organisation_id}", response_model=OrganisationOut)
async def get_organisation(organisation_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """One outside organisation."""
    return one(OrganisationOut, await policies.organisations.get(session, actor, organisation_id))


@router.patch("/organisations/{organisation_id}", response_model=OrganisationOut)
async def change_organisation(
    organisation_id: UUID,
    wanted: OrganisationPatch,
    condition: Annotated[Condition, Depends(if_match(OrganisationOut))],
    actor: CurrentActor,
    session: Session,
) -> Response:
    """Change an outside organisation, or make it inactive."""
    changed = await organisations.change_organisation(session, actor, organisation_id, wanted, condition)
    return one(OrganisationOut, changed)


@router.post("/organisations/{organisation_id}/contact-persons", status_code=201, response_model=ContactPersonOut)
async def add_contact_person(
    organisation_id: UUID, wanted: ContactPersonIn, actor: CurrentActor, session: Session
) -> Response:
    """Add somebody to turn to in the organisation."""
    added = await organisations.add_contact_person(session, actor, organisation_id, wanted)
    return created(ContactPersonOut, added, "/v1/contact-persons")


@router.get("/organisations/{organisation_id}/contact-persons", response_model=PageOut[ContactPersonOut])
async def list_contact_persons(
    organisation_id: UUID, query: Annotated[ContactPersonQuery, Query()], actor: CurrentActor, session: Session
) -> Response:
    """Whom to turn to in the organisation."""
    wanted = {"organisation_id": organisation_id, **query.wanted()}
    return many(ContactPersonOut, await policies.contact_persons.page(session, actor, **wanted))


@router.get("/contact-persons/{person_id}", response_model=ContactPersonOut)
async def get_contact_person(person_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """One contact person."""
    return one(ContactPersonOut, await policies.contact_persons.get(session, actor, person_id))


@router.patch("/contact-persons/{person_id}", response_model=ContactPersonOut)
async def change_contact_person(
    person_id: UUID,
    wanted: ContactPersonPatch,
    condition: Annotated[Condition, Depends(if_match(ContactPersonOut))],
    actor: CurrentActor,
    session: Session,
) -> Response:
    """Change a contact person's details, or make the person inactive."""
    changed = await organisations.change_contact_person(session, actor, person_id, wanted, condition)
    return one(ContactPersonOut, changed)
