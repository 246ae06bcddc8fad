"""What goes on while a case is running: the cycles of its steps, and the activities of the model (R59, R60)."""

from typing import Any

from sqlalchemy import Table, bindparam, func, select

from app.db import columns, table_of
from app.models import Case, Contact, Cycle, Event, Meeting, User
from app.policy.cases import CONTENT, READERS, cases, in_case, joined
from app.policy.core import Policy
from app.policy.rules import Expression, mine

case, cycle, event = columns(Case), columns(Cycle), columns(Event)
meeting, contact, user = columns(Meeting), columns(Contact), columns(User)

cycles = Policy(
    name="cycle",
    table=table_of(Cycle),
    source=joined(in_case(table_of(Cycle)), table_of(User), cycle.started_by),
    columns={
        **{column.name: column for column in cycle if column.name != "municipality_id"},
        "started_by_name": user.name,
    },
    read=READERS,
    filters={"case_id": cycle.case_id == bindparam("case_id")},
    veiled={"reason": CONTENT},
    case_id=cycle.case_id,
    scope="case_id",
    parent=cases,
)


def in_the_case(table: Table, value: Any, *conditions: Expression) -> Any:
    """One value, such as a count, over the rows of a table in the case that is read."""
    own = select(value).select_from(table).where(mine(table), table.c.case_id == case.id, *conditions)
    return own.correlate(table_of(Case)).scalar_subquery()


def last(table: Table, moment: Any, *conditions: Expression) -> Any:
    return in_the_case(table, func.max(moment), *conditions)


def times(table: Table, *conditions: Expression) -> Any:
    return in_the_case(table, func.count(), *conditions)


meetings, contacts, events = table_of(Meeting), table_of(Contact), table_of(Event)
held, moved = meeting.status == "held", event.type == "case.moved_to_ordinary"

activities = Policy(
    name="activity",
    table=table_of(Case),
    columns={
        **{name: case[name] for name in ("id", "template_id")},
        "case_meetings_at": last(meetings, meeting.held_at, held),
        "case_meetings": times(meetings, held),
        "contact_at": last(contacts, contact.took_place_at),
        "contact": times(contacts),
        "repeat_steps_at": last(table_of(Cycle), cycle.started_at),
        "repeat_steps": times(table_of(Cycle)),
        "exit_at": last(events, event.at, moved),
        "exit": times(events, moved),
    },
    read=READERS,
    veiled=dict.fromkeys(("case_meetings_at", "case_meetings", "contact_at", "contact"), CONTENT),
    case_id=case.id,
)
"""How often, and when last: for each reader what the timeline would tell too. So a leader and a service see that steps
were repeated, and not that there was a meeting or a contact with the family: those are content.
"""
