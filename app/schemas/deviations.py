"""Deviations on the wire."""

from uuid import UUID

from app.schemas.base import Moment, Out, PageQuery
from app.schemas.codes import DeviationKind


class DeviationOut(Out):
    """Something done otherwise than the municipality's rule says (R456).

    `reason` is null for those who only follow progress, where it tells of contact around the family.
    """

    id: UUID
    case_id: UUID
    kind: DeviationKind
    reason: str | None
    user_id: UUID | None
    user_name: str | None
    recorded_at: Moment
    recorded_by: UUID


class DeviationQuery(PageQuery):
    kind: DeviationKind | None = None
