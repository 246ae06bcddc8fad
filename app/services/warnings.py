"""What the overview points out to those who work on a case. Nothing is blocked by it."""

from collections.abc import Sequence
from typing import Any, Final, get_args
from uuid import UUID

from app.db import Transaction
from app.policy.actor import Actor, Language
from app.policy.warnings import case_warnings
from app.schemas.codes import CaseWarning
from app.services.catalogue import label

CODES: Final[tuple[CaseWarning, ...]] = get_args(CaseWarning)


async def warnings(session: Transaction, actor: Actor, case_id: UUID) -> list[dict[str, str]]:
    """What should be looked at in a case: for professionals, while it is worked on. Raises NotFound."""
    return told((await case_warnings.page(session, actor, case_id=case_id, worked_on=True)).items, actor.language)


def told(flags: Sequence[Any], language: Language) -> list[dict[str, str]]:
    """The warnings of the one row of flags, if there is one."""
    return [
        {"code": code, "label": label("case_warning", code, language)}
        for row in flags
        for code in CODES
        if row._mapping[code]
    ]
