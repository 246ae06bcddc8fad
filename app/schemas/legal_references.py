"""The municipality's list of legal references on the wire: dated data, no legal advice."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.schemas.base import Day, In, Line, Moment, Out, PageQuery
from app.schemas.codes import LegalUse

ReferenceCode = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,59}$")]
"""What an entry is known by from one dated version to the next."""


class ShippedReference(BaseModel):
    """An entry of the list that a municipality starts with."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    code: ReferenceCode
    use: LegalUse
    title: Line
    title_en: Line
    citation: Line
    former_citation: Line | None
    valid_from: date


class LegalReferenceIn(In):
    """A dated entry: what the law is called and where it stands, from a day on."""

    code: ReferenceCode
    use: LegalUse
    title: Line
    title_en: Line | None = None
    citation: Line
    former_citation: Line | None = Field(None, description="Where the same stood before.")
    valid_from: Day

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "code": "duty_to_report",
                    "use": "share",
                    "title": "Underretning fra fagpersoner",
                    "citation": "barnets lov § 133",
                    "former_citation": "serviceloven § 153",
                    "valid_from": "2024-01-01",
                }
            ]
        }
    )


class LegalReferenceEnd(In):
    valid_until: Day = Field(description="The first day on which it can be named no more.")

    model_config = ConfigDict(json_schema_extra={"examples": [{"valid_until": "2027-01-01"}]})


class LegalReferenceOut(Out):
    """An entry of the list. `advice` says that it is none, in the reader's language."""

    id: UUID
    code: str
    use: LegalUse
    title: str
    title_en: str | None
    citation: str
    former_citation: str | None
    valid_from: date
    valid_until: date | None
    created_at: Moment
    advice: str


class LegalReferenceQuery(PageQuery):
    use: LegalUse | None = None
    on: Day | None = Field(None, description="Only what can be named on this day.")
