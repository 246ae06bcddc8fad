"""What all wire shapes share: strict input, plain output, and the few kinds of text there are."""

import re
from datetime import date, datetime
from typing import Annotated, Any, Final, Generic, TypeVar
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError, PydanticKnownError

from app import wire
from app.errors import invalid
from app.schemas.codes import ConsentLack, DocumentCategory, RecipientKind, SharePurpose

T = TypeVar("T")
D = TypeVar("D", bound=date)

_HIDDEN = r"\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069"  # what changes a line, or how it reads, unseen
_NO_WIDTH = r"\u00ad\u200b\u2060\ufeff"  # what nobody sees; not the joiners: emoji and some scripts need them
HIDDEN: Final = re.compile(rf"[\x00-\x1f{_HIDDEN}{_NO_WIDTH}]")
RUNNING = rf"^[^\x00-\x08\x0b-\x1f{_HIDDEN}]*$"
_LINE = rf"^[^\x00-\x1f{_HIDDEN}]*$"


def _seen(text: str) -> str:
    """No characters without width: two texts that look alike would be two."""
    if re.search(rf"[{_NO_WIDTH}]", text):
        raise PydanticCustomError("control-characters", "no characters without width")
    return text


Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=_LINE),
    AfterValidator(_seen),
]
"""One line of text, 1–200 characters."""
Text = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=4000, pattern=RUNNING),
    AfterValidator(_seen),
]
"""Running text, 1–4000 characters."""
LongText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=20000, pattern=RUNNING),
    AfterValidator(_seen),
]
"""A whole text to be read through, 1–20,000 characters."""
Tag = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=60, pattern=_LINE),
    AfterValidator(_seen),
]
"""A free word to find something by."""
Phone = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^\+?[0-9 ]{6,20}$")]
Email = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=254, pattern=r"^[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+\.[a-z]+$"),
]

KleCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{2}\.[0-9]{2}\.[0-9]{2}$")]
"""A KLE subject number (KL's Emnesystematik), such as 27.24.00."""

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME, _ZONE = r"[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?", r"([Zz]|[+-][0-9]{2}:[0-9]{2})"
_MOMENT: Final = re.compile(f"{_DAY.pattern}[Tt ]{_TIME}{_ZONE}?")


def _utc(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _text(value: Any) -> Any:
    """Dates come as text: a number would be read as seconds since 1970."""
    if isinstance(value, int | float):
        raise PydanticCustomError("date-as-text", "a date is text")
    return value


def _dated(value: Any) -> Any:
    """Only YYYY-MM-DD: a number in quotes would be read as seconds too."""
    if isinstance(value, str) and not _DAY.fullmatch(value):
        raise PydanticCustomError("date-format", "write a date as YYYY-MM-DD")
    return _text(value)


def _timed(value: Any) -> Any:
    """Only what RFC 3339 writes; without its time zone it is refused for that."""
    if isinstance(value, str) and not _MOMENT.fullmatch(value):
        raise PydanticKnownError("datetime_parsing", {"error": "as in RFC 3339"})
    return _text(value)


def _near(day: D) -> D:
    if not 1900 <= day.year <= 2200:
        raise PydanticCustomError("year-out-of-range", "between the years 1900 and 2200")
    return day


Written = BeforeValidator(_dated)
"""Of a date: it is written out."""
Day = Annotated[date, Written, AfterValidator(_near)]
"""A date, YYYY-MM-DD, between the years 1900 and 2200."""
Moment = Annotated[
    AwareDatetime,
    BeforeValidator(_timed),
    AfterValidator(_near),
    PlainSerializer(_utc, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""A point in time: RFC 3339, UTC on the way out."""


class In(BaseModel):
    """A request body: unknown fields are refused, not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Out(BaseModel):
    """A response: every field is always there, null where there is nothing to say."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class PageOut(Out, Generic[T]):
    """A page of a list; `next` is the cursor of the next page, null at the end."""

    items: list[T]
    next: str | None


MOST_FILTERS = 5


class PageQuery(BaseModel):
    """The query parameters of every list; an unknown one is refused."""

    model_config = ConfigDict(extra="forbid")
    limit: int = Field(50, ge=1, le=200, description="Rows on a page.")
    after: str | None = Field(None, max_length=64, description="`next` of the page before.")

    def wanted(self) -> dict[str, Any]:
        """The page and its filters, as a policy takes them.

        Raises Invalid for a cursor that is none, and for more filters at once than statements are built for.
        """
        filters = self.model_dump(exclude={"limit", "after"})
        if sum(value is not None for value in filters.values()) > MOST_FILTERS:
            raise invalid("?", "too-many-filters")
        return {**filters, "limit": self.limit, "after": wire.after(self.after)}


class FlawOut(BaseModel):
    pointer: str = Field(description="JSON pointer into the body, `?name` for a query parameter, `#name` for a header")
    code: str
    detail: str = Field(description="What is wrong, as a sentence for people, with what is allowed there")


class MissingOut(BaseModel):
    """What no basis in force covers: ids and codes, never a name."""

    subject_id: UUID = Field(description="Whose information it is.")
    category: DocumentCategory
    purpose: SharePurpose
    party_kind: RecipientKind = Field(description="What kind of recipient, or of holder, `party_id` is.")
    party_id: UUID
    state: ConsentLack
    document_id: UUID | None
    consent_id: UUID | None = Field(description="The consent that comes nearest, where there is one.")
    awaits: list[UUID] = Field(description="The members of the family whose signature it lacks.")

    model_config = ConfigDict(from_attributes=True)


class ProblemOut(BaseModel):
    """A problem (RFC 9457). `type` and `code` are stable; `title` follows Accept-Language; nothing sent is echoed."""

    type: str
    title: str
    status: int
    code: str
    errors: list[FlawOut]

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:indgang:problem:not-found",
                    "title": "Det, du søger, findes ikke, eller du har ikke adgang til det.",
                    "status": 404,
                    "code": "not-found",
                    "errors": [],
                }
            ]
        }
    )


class ConsentMissingOut(ProblemOut):
    """The problem `consent-missing`: beside the errors, what is missing as ids and codes."""

    missing: list[MissingOut]

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:indgang:problem:consent-missing",
                    "title": "Der mangler samtykke fra familien, før det kan deles eller indhentes.",
                    "status": 403,
                    "code": "consent-missing",
                    "errors": [
                        {
                            "pointer": "/recipient/id",
                            "code": "consent-awaiting-signatures",
                            "detail": "Samtykket til »Helbred« med formålet »Udredning« mangler underskrift.",
                        }
                    ],
                    "missing": [
                        {
                            "subject_id": "019a9f2e-7c10-7d3a-9c55-0c6a4c1b7a03",
                            "category": "health",
                            "purpose": "assessment",
                            "party_kind": "user",
                            "party_id": "019a9f2e-7c10-7d3a-9c55-0c6a4c1b7a05",
                            "state": "awaiting_signatures",
                            "document_id": "019a9f2e-7c10-7d3a-9c55-0c6a4c1b7a08",
                            "consent_id": "019a9f2e-7c10-7d3a-9c55-0c6a4c1b7a09",
                            "awaits": ["019a9f2e-7c10-7d3a-9c55-0c6a4c1b7a04"],
                        }
                    ],
                }
            ]
        }
    )
