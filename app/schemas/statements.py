"""Statements in the family's own words, on the wire."""

from typing import Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from app.schemas.base import In, Line, Moment, Out, PageQuery, Text
from app.schemas.codes import StatementAudience, StatementGiven
from app.schemas.consents import LanguageTag

Told = Literal["told", "with_aids"]


class Words(In):
    """What is said, and how it was given."""

    body: Text
    language: LanguageTag = "da"
    given: Told | None = Field(
        None, description="How a professional was told it: in words, or with aids such as pictures. Not for citizens."
    )

    model_config = ConfigDict(json_schema_extra={"examples": [{"body": "Nu er det blevet bedre i skolen."}]})


class StatementIn(Words):
    """A statement (R316). A citizen writes as oneself; a professional writes down what somebody told."""

    title: Line
    author_id: UUID | None = Field(
        None, description="Whose words they are. Professionals must say; a citizen's are always one's own."
    )
    audience: StatementAudience = Field(
        description="Who else reads it: nobody, the case's advisers, or all who work on the case."
    )
    for_custody: bool | None = Field(
        None,
        description="Whether those with custody of the author, a child, read it too. Left out: not where the child is "
        "old enough to be heard (setting consent.child_voice_age), else they do.",
    )

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "title": "Det, der er vigtigt for mig",
                    "body": "Jeg vil gerne have, at vi er færre i klassen.",
                    "author_id": "019a9f2e-7c10-7d3a-9c55-0c6a4c1b7a03",
                    "given": "told",
                    "audience": "coordinator",
                }
            ]
        }
    )


class StatementPatch(In):
    """Who reads it, from now on."""

    audience: StatementAudience | None = None
    for_custody: bool | None = None

    model_config = ConfigDict(json_schema_extra={"examples": [{"audience": "team"}]})


class StatementOut(Out):
    """A statement with its newest words; the earlier ones stand in its versions."""

    id: UUID
    case_id: UUID
    author_id: UUID
    author_name: str
    title: str
    audience: StatementAudience
    for_custody: bool
    version: int
    body: str
    language: str
    given: StatementGiven
    recorded_at: Moment
    recorded_by: UUID
    recorded_by_name: str | None = Field(description="The professional who wrote it down; null where the author did.")
    created_at: Moment


class StatementVersionOut(Out):
    """The words as they were said then. Never overwritten."""

    id: UUID
    number: int
    body: str
    language: str
    given: StatementGiven
    recorded_at: Moment
    recorded_by: UUID
    recorded_by_name: str | None


class StatementQuery(PageQuery):
    author_id: UUID | None = None
    audience: StatementAudience | None = None
