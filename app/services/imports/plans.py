"""What a list would do to the municipality as it is now: worked out for the dry run, and again before it is done."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from app.services.imports.lists import KEPT, RowFlaw

SHOWN: Final = KEPT
"""How many flaws a report holds."""
BATCH: Final = 500
"""Rows that are written at a time, with a word of progress after each."""

Tell = Callable[[int], Awaitable[None]]


async def _nothing(_tell: Tell) -> None:
    return


@dataclass(slots=True)
class Plan:
    """How many things would be made, changed and left as they are; what is wrong; and the work itself."""

    creates: int = 0
    changes: int = 0
    unchanged: int = 0
    flaws: Sequence[RowFlaw] = ()
    more: int = 0
    """Flaws that were counted and not kept."""
    work: Callable[[Tell], Awaitable[None]] = field(default=_nothing, repr=False)

    @property
    def report(self) -> dict[str, Any]:
        """The report as it is kept: counts, and the first flaws by row, column and code."""
        shown = [{"row": one.row, "column": one.column, "code": one.code} for one in self.flaws[:SHOWN]]
        counted = {"creates": self.creates, "changes": self.changes, "unchanged": self.unchanged}
        return {**counted, "error_count": len(self.flaws) + self.more, "errors": shown}
