"""How the family wants to be contacted."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from app.answers import created, many, one
from app.policy import preferences as policies
from app.routing import CurrentActor, Session
from app.routing import router as routed
from app.schemas.base import PageOut
from app.schemas.preferences import ContactPreferenceIn, ContactPreferenceOut, ContactPreferenceQuery
from app.services import preferences

router = routed("contact preferences")


@router.post("/cases/{case_id}/contact-preferences", status_code=201, response_model=ContactPreferenceOut)
async def record_contact_preference(
    case_id: UUID, wanted: ContactPreferenceIn, actor: CurrentActor, session: Session
) -> Response:
    """Note how the family, or one of them, wants to be contacted; as family: your own wish."""
    preference = await preferences.record(session, actor, case_id, wanted)
    return created(ContactPreferenceOut, preference, "/v1/contact-preferences")


@router.get("/cases/{case_id}/contact-preferences", response_model=PageOut[ContactPreferenceOut])
async def list_contact_preferences(
    case_id: UUID, query: Annotated[ContactPreferenceQuery, Query()], actor: CurrentActor, session: Session
) -> Response:
    """How the family wants to be contacted, newest first; as family: that of all of you, and your own."""
    return many(ContactPreferenceOut, await preferences.preferences(session, actor, case_id, **query.wanted()))


@router.get("/contact-preferences/{preference_id}", response_model=ContactPreferenceOut)
async def get_contact_preference(preference_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """One contact preference."""
    return one(ContactPreferenceOut, await policies.contact_preferences.get(session, actor, preference_id))
