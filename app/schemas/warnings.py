"""What should be looked at in a case, on the wire."""

from app.schemas.base import Out
from app.schemas.codes import CaseWarning


class WarningOut(Out):
    code: CaseWarning
    label: str


class WarningsOut(Out):
    items: list[WarningOut]
