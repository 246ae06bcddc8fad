"""How far a case is: the fields of its model's figure, for a screen and as a picture (R47, R48, R59)."""

from collections.abc import Iterator, Sequence
from typing import Final
from uuid import UUID

from app.db import Row, Transaction
from app.pictures.progress import Field, Group, Sign, drawn
from app.policy.actor import Actor
from app.policy.cases import cases
from app.services import cycles, steps
from app.services.catalogue import label

START_UP: Final = ("team_established", "competence_and_funding", "assessment", "goals_and_plan")
RUNNING: Final = ("direction", "follow_up", "status_meetings")
SIGNS: Final[dict[str, Sign]] = {"planned": "upcoming", "started": "current", "done": "done", "skipped": "done"}


def stages(case: Row, rows: Sequence[Row], language: str) -> list[dict[str, str]]:
    """The fields of the figure, as they are shown on a screen; none where the model's steps are not divided so."""
    return [
        {"group": group, "stage": stage, "label": label("stage", stage, language), "status": status}
        for group, stage, status in _figure(case, rows)
    ]


def _figure(case: Row, rows: Sequence[Row]) -> list[tuple[str, str, Sign]]:
    """The fields of the start by their steps (R47), those of the running case by its state (R48)."""
    named = {row.stage for row in rows if row.stage}
    start = [
        ("start_up", stage, _together([row for row in rows if row.stage == stage]))
        for stage in START_UP
        if stage in named
    ]
    over = case.allocated_at is not None and all(status == "done" for _, _, status in start)
    return start + [("running", stage, _running(case, over)) for stage in RUNNING if start]


def _together(rows: Sequence[Row]) -> Sign:
    if all(row.status in ("done", "skipped") for row in rows):
        return "done"
    return "upcoming" if all(row.status == "planned" for row in rows) else "current"


def _running(case: Row, over: bool) -> Sign:
    """How far that is which goes on when the start is `over`: a case may close before."""
    if case.state == "running":
        return "current"
    return "done" if case.state in ("ordinary", "transition") or (case.state == "closed" and over) else "upcoming"


async def picture(session: Transaction, actor: Actor, case_id: UUID) -> str:
    """The progress picture of a case, in the reader's language: progress only, so the same for all who may read it."""
    case = await cases.get(session, actor, case_id)
    rows = (await steps.listed(session, actor, case_id)).items
    fields = [
        (group, Field(label("stage", stage, actor.language), status, label("stage_status", status, actor.language)))
        for group, stage, status in _figure(case, rows)
    ]
    if not fields:
        fields = [*_steps(rows, actor.language), *await _activities(session, actor, case, rows)]
    groups = [
        Group(label("stage_group", name, actor.language), [field for group, field in fields if group == name])
        for name in dict.fromkeys(group for group, _ in fields)
    ]
    title = f"{label('picture', 'progress', actor.language)} {case.number}"
    return drawn(title, actor.language, groups, label("picture", "no_steps", actor.language))


def _steps(rows: Sequence[Row], language: str) -> Iterator[tuple[str, Field]]:
    """Where the model has no figure, its steps are the fields of the start."""
    for row in rows:
        yield "start_up", Field(row.title, SIGNS[row.status], label("step_status", row.status, language))


async def _activities(session: Transaction, actor: Actor, case: Row, rows: Sequence[Row]) -> list[tuple[str, Field]]:
    """… and its activities those of the running case."""
    status = _running(case, not steps.left(rows))
    word = label("stage_status", status, actor.language)
    return [("running", Field(one["title"], status, word)) for one in await cycles.of_template(session, actor, case)]
