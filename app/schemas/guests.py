"""Those who see only what is shared with them, in a window, on the wire."""

from uuid import UUID

from pydantic import ConfigDict, Field

from app.schemas.base import In, Moment, Out, PageQuery, Text
from app.schemas.codes import GuestKind


class GuestIn(In):
    """A professional who sees what is shared with her, and nothing else of the case, from one moment to another.

    At a meeting: within a day of it, for a day at most (R293). Of the network: for a year at most.
    """

    user_id: UUID
    kind: GuestKind
    meeting_id: UUID | None = Field(None, description="The meeting, where the guest is one of a meeting.")
    opens_at: Moment
    closes_at: Moment
    reason: Text

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "user_id": "019a9f2e-7c10-7d3a-9c55-0c6a4c1b7a06",
                    "kind": "network",
                    "opens_at": "2026-12-01T08:00:00Z",
                    "closes_at": "2027-06-01T08:00:00Z",
                    "reason": "Aflastningsstedet følger planen.",
                }
            ]
        }
    )


class GuestOut(Out):
    """A guest and the window. When it was ended early, `closes_at` is the moment that it opened: it is empty."""

    id: UUID
    case_id: UUID
    case_number: str
    user_id: UUID
    user_name: str
    user_title: str | None
    kind: GuestKind
    meeting_id: UUID | None
    opens_at: Moment
    closes_at: Moment
    open_now: bool
    reason: str
    created_at: Moment
    created_by: UUID
    ended_at: Moment | None


class GuestQuery(PageQuery):
    current: bool | None = Field(None, description="true: windows that are open or yet to open; false: those over.")
    user_id: UUID | None = None
