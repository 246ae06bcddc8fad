"""Steps and step templates on the wire."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue
from pydantic.config import JsonDict

from app.schemas.base import Day, In, Line, Moment, Out, PageQuery, Text
from app.schemas.codes import StepStatus, TemplateChange
from app.schemas.step_templates import (
    Cell,
    PartyCell,
    TemplateActivity,
    TemplateModel,
    TemplateStep,
    TemplateStepIn,
)

CELLS: JsonDict = {
    "purpose": {"text": "At se familien samlet fra begyndelsen.", "suggestion": True},
    "content": {"text": None, "suggestion": True},
    "participants": {"text": None, "suggestion": True, "parties": []},
    "responsible": {
        "text": "Socialfaglig leder",
        "suggestion": True,
        "parties": [{"role": "professional_head", "optional": False}],
    },
}
EXAMPLE: JsonDict = {
    "id": "019a9f2e-7c10-7d3a-9c55-0c6a4c1b7b01",
    "case_id": "019a9f2e-7c10-7d3a-9c55-0c6a4c1b7a01",
    "cycle": 1,
    "number": 1,
    "key": "allocation",
    "title": "Sagsfordeling til familiekoordinator og oprettelse af kerneteam",
    "stage": "team_established",
    "optional": False,
    "repeatable": False,
    "requires": ["coordinator", "core_team"],
    "cells": CELLS,
    "status": "started",
    "due_on": "2026-11-20",
    "holder_id": None,
    "holder_name": None,
    "started_at": "2026-11-03T08:00:00Z",
    "early_reason": None,
    "completed_at": None,
    "completed_by": None,
    "skipped_at": None,
    "skip_reason": None,
    "perspectives": None,
}


STEP = ("key", "number", "title", "stage", "optional", "repeatable", "requires")


class CellsOut(Out):
    """The four cells of a step: `text` null is a blank, `suggestion` true one that is there to be overwritten."""

    purpose: Cell
    content: Cell
    participants: PartyCell
    responsible: PartyCell


class CellsPatch(In):
    """Cells to fill or overwrite on this case; a cell written here is the municipality's own, no suggestion."""

    purpose: Text | None = None
    content: Text | None = None
    participants: Text | None = None
    responsible: Text | None = None


class StepOut(Out):
    """A step of a case: what the template said when the case was opened, and how far it is (R64)."""

    id: UUID
    case_id: UUID
    cycle: int = Field(description="Which time round: 2 and up where the step was repeated (R60).")
    number: int
    key: str = Field(description="What the step is called in the template, whatever its number.")
    title: str
    stage: str | None
    optional: bool
    repeatable: bool
    requires: list[str]
    cells: CellsOut
    status: StepStatus
    due_on: date | None
    holder_id: UUID | None
    holder_name: str | None
    started_at: Moment | None
    early_reason: str | None = Field(description="Why it was started early, where the municipality only warns (R63).")
    completed_at: Moment | None
    completed_by: UUID | None
    skipped_at: Moment | None
    skip_reason: str | None
    perspectives: str | None = Field(description="How the child's and family's perspectives were brought in (R45).")

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})


class StepPatch(In):
    """Plan a step: when it is due, who holds it, and cells filled locally. null clears a date or holder."""

    due_on: Day | None = None
    holder_id: UUID | None = None
    cells: CellsPatch | None = None

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"due_on": "2026-12-01", "cells": {"participants": "Familien og kerneteamet"}}]}
    )


class StepStart(In):
    """Start a step. `reason` is needed to start it early, where the municipality only warns of that (R63)."""

    reason: Text | None = None

    model_config = ConfigDict(json_schema_extra={"examples": [{}]})


class StepCompletion(In):
    """Complete a step. `perspectives` is needed where the template asks for it (R45)."""

    perspectives: Text | None = None

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"perspectives": "Alma har selv fortalt, hvad der er vigtigst for hende."}]}
    )


class StepSkip(In):
    """Skip an optional step; the reason is kept (R63)."""

    reason: Text

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "Der er ikke behov for et analysemøde."}]})


class StepTemplateIn(In):
    """A new version of the template for a model. It takes effect for cases opened from now on; open cases keep theirs.

    `based_on` is the version that was edited: when another has been published since, the answer is 409.
    """

    model: TemplateModel
    name: Line
    steps: Annotated[list[TemplateStepIn], Field(min_length=1, max_length=50)]
    activities: Annotated[list[TemplateActivity], Field(max_length=20)] | None = Field(
        None, description="What goes on while the case is running, in order (R59). Left out: as it was."
    )
    based_on: int = Field(ge=1, le=1_000_000)

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "model": "efei",
                    "name": "Opstart af sag",
                    "based_on": 1,
                    "steps": [{**{k: EXAMPLE[k] for k in STEP}, **CELLS}],
                }
            ]
        }
    )


class StepTemplateOut(Out):
    """One version of a template; the highest version of a model is in force."""

    id: UUID
    model: TemplateModel
    version: int
    name: str
    steps: list[TemplateStep]
    activities: list[TemplateActivity]
    published_at: Moment
    published_by: UUID | None


class StepQuery(PageQuery):
    cycle: int | None = Field(None, ge=1, le=10_000, description="Left out: of each step the newest (R60).")


class StepTemplateQuery(PageQuery):
    model: TemplateModel | None = None


class GapOut(Out):
    """A cell that must be filled locally (R39)."""

    number: int
    title: str
    cell: str
    label: str


class GapsOut(Out):
    items: list[GapOut]


class DifferenceQuery(BaseModel):
    against: UUID | None = Field(
        None, description="The id of another version of the same model's template. Left out: the one before."
    )

    model_config = ConfigDict(extra="forbid")


class DifferenceOut(Out):
    """One thing that differs. Steps are followed by their key: with another number one was moved.

    `key` and `number` are null for what belongs to no step: the name, and the activities. `field` is null where a whole
    step was added or removed; it then stands in `after` or `before`.
    """

    key: str | None
    number: int | None
    change: TemplateChange
    field: str | None
    before: JsonValue
    after: JsonValue


class DifferencesOut(Out):
    items: list[DifferenceOut]
