"""Imports on the wire, and the rows of the lists that can be imported (R466)."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.config import JsonDict

from app.schemas.base import Day, Email, KleCode, Line, Moment, Out, PageQuery, Phone
from app.schemas.codes import CaseModel, DepartmentKind, ImportKind, ImportStatus, Profession, Sector, UserRole

EXAMPLE: JsonDict = {
    "id": "019a9f2e-7c10-7d3a-9c55-0c6a4c1b7c01",
    "kind": "users",
    "status": "refused",
    "rows": 214,
    "done_rows": 0,
    "creates": 200,
    "changes": 3,
    "unchanged": 10,
    "error_count": 1,
    "errors": [{"row": 17, "column": "department", "code": "unknown-reference", "detail": "Det findes ikke her."}],
    "created_at": "2026-11-02T09:15:00Z",
    "created_by": "019a9f2e-7c10-7d3a-9c55-0c6a4c1b7a08",
    "created_by_name": "Asta Adminsen",
    "finished_at": None,
}


class ImportAsked(BaseModel):
    """What the list is a list of."""

    kind: ImportKind

    model_config = ConfigDict(extra="forbid")


class RowFlawOut(Out):
    """One thing that is wrong with the list: where, and which kind; never what stood there."""

    row: int | None = Field(description="As a spreadsheet counts: the header is row 1. null: the list as a whole.")
    column: str | None
    code: str
    detail: str


class ImportOut(Out):
    """A list that was brought in, and its report: what it would do, or did, and what is wrong with it.

    A `checked` list can be carried out, as a whole or not at all; while that goes on, `done_rows` of `rows` are done.
    """

    id: UUID
    kind: ImportKind
    status: ImportStatus
    rows: int
    done_rows: int
    creates: int
    changes: int
    unchanged: int
    error_count: int
    errors: list[RowFlawOut] = Field(description="The first hundred.")
    created_at: Moment
    created_by: UUID
    created_by_name: str
    finished_at: Moment | None

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})


class ImportQuery(PageQuery):
    kind: ImportKind | None = None
    status: ImportStatus | None = None


# --- the rows, a column for each field


class ListedRow(BaseModel):
    """A row of a list. An empty cell is left out; a field with a default is a column that may be left out."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DepartmentRow(ListedRow):
    """A department (R30); `parent` is another one's name, which may stand further down in the list."""

    name: Line
    kind: DepartmentKind
    sector: Sector
    parent: Line | None = None


def _several(value: Any) -> Any:
    return tuple(part.strip() for part in value.split("|")) if isinstance(value, str) else value


class UserRow(ListedRow):
    """A professional in one position; several positions are several rows of the same issuer and subject."""

    issuer: Line
    subject: Line
    name: Line
    title: Line | None = None
    profession: Profession | None = None
    email: Email | None = None
    phone: Phone | None = None
    contact_hours: Line | None = None
    department: Line | None = None
    role: UserRole | None = None
    paragraph_sets: Annotated[tuple[Line, ...], BeforeValidator(_several), Field(max_length=50)] = ()


ParentRelation = Literal[
    "mother", "father", "parent", "step_parent", "grandparent", "foster_parent", "aunt_uncle", "other"
]
YesNo = Annotated[
    Literal["yes", "no"], BeforeValidator(lambda word: {"ja": "yes", "nej": "no"}.get(word.lower(), word.lower()))
]


class CaseRow(ListedRow):
    """An open case of an earlier system: the child, up to two adults, the owner, the coordinator, the reference."""

    child_name: Line
    child_birth_date: Day
    owner_department: Line
    coordinator_subject: Line
    coordinator_issuer: Line | None = None
    model: CaseModel | None = None
    kle_code: KleCode | None = None
    opened_on: Day
    reference_system: Line
    reference: Line
    parent1_name: Line | None = None
    parent1_relation: ParentRelation | None = None
    parent1_custody: YesNo | None = None
    parent2_name: Line | None = None
    parent2_relation: ParentRelation | None = None
    parent2_custody: YesNo | None = None
