"""Outside organisations and their contact persons, on the wire (R18, R24)."""

from uuid import UUID

from pydantic import ConfigDict, Field

from app.schemas.base import Email, In, Line, Moment, Out, PageQuery, Phone, Tag
from app.schemas.codes import OrganisationKind
from app.schemas.settings.section import Several


class OrganisationIn(In):
    """A school, hospital, residence or other partner outside the departments."""

    name: Line
    kind: OrganisationKind
    phone: Phone | None = None
    email: Email | None = None
    address: Line | None = None
    themes: Several[Tag] = Field((), description="What it can help with, to be found by (R89).")

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Fysio ved Prøvestranden",
                    "kind": "therapy",
                    "phone": "70 00 00 31",
                    "themes": ["motorik", "hjælpemidler"],
                }
            ]
        }
    )


class OrganisationPatch(In):
    """What can be changed. One that is no longer used is made inactive: nothing is deleted."""

    name: Line | None = None
    kind: OrganisationKind | None = None
    phone: Phone | None = None
    email: Email | None = None
    address: Line | None = None
    themes: Several[Tag] | None = None
    active: bool | None = None

    model_config = ConfigDict(json_schema_extra={"examples": [{"themes": ["motorik", "søvn"]}]})


class OrganisationOut(Out):
    id: UUID
    name: str
    kind: OrganisationKind
    phone: str | None
    email: str | None
    address: str | None
    themes: list[str]
    active: bool
    created_at: Moment


class OrganisationQuery(PageQuery):
    kind: OrganisationKind | None = None
    theme: Tag | None = Field(None, description="Those with this theme; small and capital letters are alike.")
    active: bool | None = None


class ContactPersonIn(In):
    """Somebody to turn to in an outside organisation. Gets no account by that."""

    name: Line
    title: Line | None = None
    phone: Phone | None = None
    email: Email | None = None

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": "Fie Prøvesen", "title": "Fysioterapeut", "email": "fie@fysio.invalid"}]
        }
    )


class ContactPersonPatch(In):
    name: Line | None = None
    title: Line | None = None
    phone: Phone | None = None
    email: Email | None = None
    active: bool | None = None

    model_config = ConfigDict(json_schema_extra={"examples": [{"active": False}]})


class ContactPersonOut(Out):
    id: UUID
    organisation_id: UUID
    organisation_name: str
    name: str
    title: str | None
    phone: str | None
    email: str | None
    active: bool
    created_at: Moment


class ContactPersonQuery(PageQuery):
    active: bool | None = None
