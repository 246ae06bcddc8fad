"""The shape of a step template: the table a municipality edits, with the model's cells as suggestions (R38, R39).

A document is checked as a whole when it is read, so a template in force is always complete: its steps are numbered
1, 2, 3 …, and every role, guard and stage in it is one the product knows. Only the texts may be missing, and
`StepTemplateDocument.unfilled` tells which. Nothing here decides what a guard demands: it only names it.
"""

import unicodedata
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

TemplateModel = Literal["efei", "sof"]
Stage = Literal["team_established", "competence_and_funding", "assessment", "goals_and_plan"]
Guard = Literal["coordinator", "core_team", "coverage", "deputy", "family_meeting", "perspectives", "contact_form"]
PartyRole = Literal["family", "child", "coordinator", "core_team", "other_professionals", "professional_head"]
CellName = Literal["purpose", "content", "participants", "responsible"]
ActivityCode = Literal["case_meetings", "contact", "plan_follow_up", "repeat_steps", "exit"]


def _readable(text: str) -> str:
    """Text without control characters other than tabs and line breaks: the database and a PDF refuse the rest."""
    if any(unicodedata.category(sign) == "Cc" and sign not in "\t\n\r" for sign in text):
        raise PydanticCustomError("control-characters", "control characters are not allowed")
    return text


Title = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(_readable)
]
Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000), AfterValidator(_readable)
]
StepKey = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
"""What a step is called from version to version, wherever it stands."""


class _Part(BaseModel):
    """A part of a template: never changed after it is read, and without unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Cell(_Part):
    """One cell of the table. A suggestion is there to be overwritten; a cell without text must be filled (R39)."""

    text: Text | None
    suggestion: StrictBool

    @model_validator(mode="after")
    def _blank_is_a_suggestion(self) -> Self:
        """A blank cell is never a municipality's own answer."""
        if self.text is None and not self.suggestion:
            raise PydanticCustomError("blank-cell-is-suggestion", "a cell without text is a suggestion")
        return self


class Party(_Part):
    """Someone who takes part in a step, by role. Optional where the table says "evt." (R181)."""

    role: PartyRole
    optional: StrictBool


class PartyCell(Cell):
    """A cell about people: the words shown, and the roles they stand for. Roles are named once each."""

    parties: tuple[Party, ...]

    @model_validator(mode="after")
    def _parties_follow_the_text(self) -> Self:
        """A blank cell names nobody: participants are filled locally, never guessed (X20)."""
        if self.text is None and self.parties:
            raise PydanticCustomError("blank-cell-has-no-parties", "a cell without text has no parties")
        if len({party.role for party in self.parties}) < len(self.parties):
            raise PydanticCustomError("named-once", "a role is named once in a cell")
        return self


class StepTable(_Part):
    """A row of the table, one step (sagsskridt): what it is for, what happens, who takes part and who answers (R38).

    `stage` is its place in the progress picture of the start (R47), or none. `optional` steps can be skipped (R63),
    `repeatable` ones come again in a new cycle (R60), and every guard in `requires` must hold before the step is done.
    """

    number: Annotated[int, Field(strict=True, ge=1)]
    title: Title
    stage: Stage | None
    optional: StrictBool
    repeatable: StrictBool
    requires: tuple[Guard, ...]
    purpose: Cell
    content: Cell
    participants: PartyCell
    responsible: PartyCell

    @model_validator(mode="after")
    def _guards_are_named_once(self) -> Self:
        if len(set(self.requires)) < len(self.requires):
            raise PydanticCustomError("named-once", "a guard is named once in a step")
        return self

    def cells(self) -> dict[CellName, Cell]:
        """The four cells in the order of the table."""
        return {
            "purpose": self.purpose,
            "content": self.content,
            "participants": self.participants,
            "responsible": self.responsible,
        }


class TemplateStep(StepTable):
    """One step of a template, with the key that it keeps through the versions."""

    key: StepKey

    @model_validator(mode="before")
    @classmethod
    def _called_by_its_number(cls, step: Any) -> Any:
        """Templates from before there were keys call each step by its number."""
        if isinstance(step, dict) and "key" not in step:
            return {**step, "key": f"step_{step.get('number')}"}
        return step


class TemplateStepIn(StepTable):
    """One step as it is edited."""

    key: StepKey | None = Field(
        None, description="Left out: the key of the step that had this number in the version before, or step_N."
    )


class TemplateActivity(_Part):
    """Something that goes on while a case is running (R59), in the municipality's own words."""

    code: ActivityCode
    title: Title


class StepTemplateDocument(_Part):
    """A whole template for one practice model (R37, R38), with its steps in the order they are worked."""

    model: TemplateModel
    name: Title
    steps: Annotated[tuple[TemplateStep, ...], Field(min_length=1, max_length=50)]
    activities: tuple[TemplateActivity, ...] = ()

    @model_validator(mode="after")
    def _numbered_from_one(self) -> Self:
        """Numbers are places: 1, 2, 3 … without gaps, repetitions or another order."""
        if [step.number for step in self.steps] != list(range(1, len(self.steps) + 1)):
            raise PydanticCustomError("numbered-in-order", "steps are numbered from 1 without gaps, in order")
        return self

    @model_validator(mode="after")
    def _called_by_one_name(self) -> Self:
        """A key is one step, and an activity stands once: both are what versions are compared by."""
        if len({step.key for step in self.steps}) < len(self.steps):
            raise PydanticCustomError("named-once", "a key is the name of one step")
        if len({activity.code for activity in self.activities}) < len(self.activities):
            raise PydanticCustomError("named-once", "an activity is named once")
        return self

    def unfilled(self) -> list[tuple[int, CellName]]:
        """The cells that still need a text: step number and cell name, in the order of the table (R39)."""
        return [(step.number, name) for step in self.steps for name, cell in step.cells().items() if cell.text is None]
