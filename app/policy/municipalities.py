"""The municipality itself: settings, departments, and the accounts of those who work there."""

from typing import Any

from sqlalchemy import ScalarSelect, any_, bindparam, func, literal, select

from app.db import columns, table_of
from app.models import Department, SettingsVersion, User
from app.policy.actor import ACTOR
from app.policy.cases import in_child_disability
from app.policy.core import Policy
from app.policy.rules import Expression, Grant, Grants, highest, mine, rule, some

settings = columns(SettingsVersion)
department, user = columns(Department), columns(User)


@rule
def same_municipality() -> Expression:
    """The reader belongs to the municipality."""
    return literal(True)


@rule
def works_here() -> Expression:
    """The reader works in a department of the municipality (an IT system: acts for one)."""
    return func.cardinality(ACTOR.departments) > 0


@rule
def administrator() -> Expression:
    """The reader is an administrator of the municipality: keeps settings, departments and accounts, no content."""
    return literal("administrator") == any_(ACTOR.roles)


@rule
def heads_or_leads_a_team() -> Expression:
    """The reader is professional head, or team leader, of a department of the municipality."""
    return (literal("professional_head") == any_(ACTOR.roles)) | (literal("team_leader") == any_(ACTOR.roles))


@rule
def adviser_in_child_disability() -> Expression:
    """The reader is an adviser and works in child disability: those who meet new partners (R89)."""
    adviser = some(table_of(User), user.id == ACTOR.user, user.profession == "social_adviser")
    return adviser & in_child_disability()


@rule
def works_in_child_disability() -> Expression:
    """The department is the child disability area, and the reader works there (R2)."""
    return (department.kind == "child_disability") & (department.id == any_(ACTOR.departments)) & department.active


@rule
def leads_practice() -> Expression:
    """The reader is a professional head or a development consultant: answers for the written method (R90)."""
    heads = literal("professional_head") == any_(ACTOR.roles)
    return heads | (literal("development_consultant") == any_(ACTOR.roles))


EVERYONE: Grants = {
    "professional": Grant(allow=(same_municipality,)),
    "citizen": Grant(allow=(same_municipality,)),
    "service": Grant(allow=(same_municipality,)),
}
STAFF_AND_SERVICES: Grants = {"professional": Grant(allow=(works_here,)), "service": Grant(allow=(works_here,))}
"""How the municipality is organised is for those who work in it, not for professionals employed outside (R18)."""
ADMINISTERING: Grants = {"professional": Grant(allow=(administrator,))}
KEEPING_TEAMS: Grants = {"professional": Grant(allow=(administrator, heads_or_leads_a_team))}
"""A standing team is a matter of organisation: advisers put it on a case, they do not compose it."""
KEEPING_PARTNERS: Grants = {
    "professional": Grant(allow=(administrator, heads_or_leads_a_team, adviser_in_child_disability))
}
"""One registry of partners for all cases, kept by those who answer for it and by the advisers, who know the partners;
so it is nobody's private notebook. It opens nothing in a case."""

PUBLISHING_METHOD: Grants = {"professional": Grant(allow=(administrator, leads_practice))}


def _previous() -> ScalarSelect[Any]:
    """The settings of the version before; NULL for the first."""
    former = table_of(SettingsVersion).alias("former")
    before = select(former.c.document).where(mine(former), former.c.version == settings.version - 1)
    return before.correlate(table_of(SettingsVersion)).scalar_subquery()


def setting(*path: str) -> ScalarSelect[str]:
    """A setting in force, as text (a list: as JSON); NULL in a document that is older than the setting."""
    value: Any = settings.document
    for name in path:
        value = value[name]
    newest = select(value.astext).where(mine(table_of(SettingsVersion))).order_by(settings.version.desc()).limit(1)
    return newest.correlate(None).scalar_subquery()


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
        "previous": _previous(),
    },
    read=STAFF_AND_SERVICES,
    actions={
        "configure": ADMINISTERING,
        "keep_partners": KEEPING_PARTNERS,
        "keep_teams": KEEPING_TEAMS,
        "publish_method": PUBLISHING_METHOD,
    },
    filters={"newest": highest(table_of(SettingsVersion), "version") == bindparam("newest")},
    # append-only: two writers meet at the unique version
    unlocked=frozenset({"read", "configure", "keep_partners", "keep_teams", "publish_method"}),
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
