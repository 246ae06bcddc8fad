"""Caseload on the wire: figures about one adviser, for that adviser and the leader."""

from datetime import date
from uuid import UUID

from pydantic import Field

from app.schemas.base import Out, PageQuery


class CaseloadOut(Out):
    """How much one adviser is given, against the norm (R122–R126). No case and no family is named."""

    id: UUID = Field(description="The adviser's account.")
    user_name: str
    active: bool
    absent_until: date | None
    open_cases: int = Field(description="Open cases led now.")
    load: int = Field(description="Those of them that count by the setting caseload.counts (R124).")
    norm: int | None = Field(description="The adviser's own, or else the municipality's; null: none is set.")
    own_norm_reason: str | None = Field(description="Why the adviser has a norm of her own; null: she has none (R125).")
    over: bool = Field(description="The load is above the norm.")
    without_helper: int = Field(description="Cases with neither buddy nor deputy: known by one person only (R109).")
    coordinator_changes: int = Field(description="How often these cases have changed hands (R108).")


class CaseloadQuery(PageQuery):
    department_id: UUID | None = None
    over: bool | None = Field(None, description="true: only those above their norm.")
