"""Who may see what, and why: on the wire."""

from uuid import UUID

from pydantic import Field

from app.schemas.base import Moment, Out
from app.schemas.cases import ExplanationOut
from app.schemas.codes import AccessKind, DocumentCategory
from app.schemas.gaps import PartLackOut


class ReaderOut(Out):
    """Somebody who may see documents of the case now, as far as you may read the same documents yourself."""

    kind: AccessKind
    id: UUID
    name: str
    title: str | None
    units: list[str] = Field(description="Where the person works: departments, or the outside organisation.")
    documents: int = Field(description="How many of the documents that you may read.")
    categories: list[DocumentCategory]
    rules: list[str] = Field(description="What opens them: codes of the group `rule` of `GET /v1/labels`.")
    reasons: list[str] = Field(description="The same in words.")
    until: Moment | None = Field(description="When the first of it ends by itself, where that is known.")
    last_looked: Moment | None = Field(description="When one of them was last opened or seen on a list of the case.")


class ReasonOut(Out):
    """A rule, and what it says."""

    rule: str
    reason: str


class DocumentExplanationOut(Out):
    """Why a document is open. Of somebody else only for reading, with what is not met, and what closes it.

    `lacks` is what another professional lacks of a consent, or of a share on one; empty for oneself.
    """

    items: list[ExplanationOut]
    not_met: list[ReasonOut]
    closed_by: list[ReasonOut]
    lacks: list[PartLackOut]
