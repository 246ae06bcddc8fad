"""What should be looked at in a case."""

from uuid import UUID

from fastapi import Response

from app.answers import plain
from app.routing import CurrentActor, Session
from app.routing import router as routed
from app.schemas.warnings import WarningsOut
from app.services.warnings import warnings

router = routed("cases")


@router.get("/cases/{case_id}/warnings", response_model=WarningsOut)
async def list_warnings(case_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """As a professional on the case: what should be looked at. Nothing is blocked by it."""
    return plain(WarningsOut, {"items": await warnings(session, actor, case_id)})
