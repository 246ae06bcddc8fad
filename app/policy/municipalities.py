"""The municipality itself: settings, departments, and the accounts of those who work there."""

from sqlalchemy import any_, bindparam, literal

from app.db import columns, table_of
from app.models import Department, SettingsVersion, User
from app.policy.actor import ACTOR
from app.policy.core import Policy
from app.policy.rules import Expression, Grant, Grants, highest, rule

settings = columns(SettingsVersion)
department, user = columns(Department), columns(User)


@rule
def same_municipality() -> Expression:
    """The reader belongs to the municipality."""
    return literal(True)


@rule
def administrator() -> Expression:
    """The reader is an administrator of the municipality: keeps settings, departments and accounts, no content."""
    return literal("administrator") == any_(ACTOR.roles)


@rule
def works_in_child_disability() -> Expression:
    """The department is the child disability area, and the reader works there (R2)."""
    return (department.kind == "child_disability") & (department.id == any_(ACTOR.departments)) & department.active


EVERYONE: Grants = {
    "professional": Grant(allow=(same_municipality,)),
    "citizen": Grant(allow=(same_municipality,)),
    "service": Grant(allow=(same_municipality,)),
}
STAFF_AND_SERVICES: Grants = {kind: grant for kind, grant in EVERYONE.items() if kind != "citizen"}
ADMINISTERING: Grants = {"professional": Grant(allow=(administrator,))}

settings_versions = Policy(
    name="settings",
    table=table_of(SettingsVersion),
    source=table_of(SettingsVersion).join(
        table_of(User),
        (user.municipality_id == settings.municipality_id) & (user.id == settings.changed_by),
        isouter=True,
    ),
    columns={
        **{column.name: column for column in settings if column.name != "municipality_id"},
        "changed_by_name": user.name,
    },
    read=STAFF_AND_SERVICES,
    actions={"configure": ADMINISTERING},
    filters={"newest": highest(table_of(SettingsVersion), "version") == bindparam("newest")},
    unlocked=frozenset({"read", "configure"}),  # append-only: two writers meet at the unique version
    personal=False,
)

departments = Policy(
    name="department",
    table=table_of(Department),
    columns={column.name: column for column in department if column.name != "municipality_id"},
    read=STAFF_AND_SERVICES,
    actions={
        "configure": ADMINISTERING,
        "own_cases": {"professional": Grant(allow=(works_in_child_disability,))},
    },
    filters={
        "kind": department.kind == bindparam("kind"),
        "sector": department.sector == bindparam("sector"),
        "active": department.active == bindparam("active"),
    },
    unlocked=frozenset({"read", "own_cases"}),
    personal=False,
    newest_first=False,
)
