"""The steps of a case, and the templates they are made from."""

from sqlalchemy import any_, bindparam
from sqlalchemy.dialects.postgresql import ARRAY

from app.db import columns, table_of
from app.models import Case, Step, StepTemplate, User
from app.policy.cases import CONTENT, READERS, WORKING, cases, in_case, joined
from app.policy.core import Policy
from app.policy.municipalities import ADMINISTERING, EVERYONE
from app.policy.rules import UUID_TYPE, highest, is_one

step = columns(Step)
holder = table_of(User).alias("holder")
current = highest(table_of(Step), "cycle", "case_id", "number")
"""Of the steps with this number in the case, the one of the newest cycle (R60): the others are history."""

steps = Policy(
    name="step",
    table=table_of(Step),
    source=joined(in_case(table_of(Step)), holder, step.holder_id, outer=True),
    columns={
        **{column.name: column for column in step if column.name != "municipality_id"},
        "holder_name": holder.c.name,
        "case_number": columns(Case).number,
    },
    read=READERS,
    actions={"work_step": WORKING},
    filters={
        "case_id": step.case_id == bindparam("case_id"),
        "case_ids": step.case_id == any_(bindparam("case_ids", type_=ARRAY(UUID_TYPE))),
        "number": step.number == bindparam("number"),
        "held_by": (step.holder_id == bindparam("held_by")) & is_one(step.status, "planned", "started") & current,
        "cycle": step.cycle == bindparam("cycle"),
        "current": current == bindparam("current"),
    },
    veiled={"perspectives": CONTENT},
    case_id=step.case_id,
    narrow=frozenset({"case_ids", "held_by"}),
    scope="case_id",
    parent=cases,
    lock=(table_of(Case), step.case_id),
    newest_first=False,
)

template = columns(StepTemplate)

step_templates = Policy(
    name="step_template",
    table=table_of(StepTemplate),
    columns={column.name: column for column in template if column.name != "municipality_id"},
    read=EVERYONE,
    actions={"configure": ADMINISTERING},
    filters={
        "model": template.model == bindparam("model"),
        "version": template.version == bindparam("version"),
        "newest": highest(table_of(StepTemplate), "version", "model") == bindparam("newest"),
    },
    unlocked=frozenset({"read", "configure"}),  # append-only: two writers meet at the unique version
    personal=False,
)
