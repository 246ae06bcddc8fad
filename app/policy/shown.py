"""The policies as a page to read and sign: each rule with its meaning and its SQL."""

from collections.abc import Iterator

from sqlalchemy.dialects.postgresql import asyncpg

from app.policy import cases, contacts, events, families, municipalities, steps, teams, users
from app.policy.core import Policy
from app.policy.rules import Grant, Grants, Rule

POLICIES: tuple[Policy, ...] = (
    families.families,
    families.members,
    families.custodies,
    cases.cases,
    steps.steps,
    teams.assignments,
    teams.team_members,
    contacts.meetings,
    contacts.contacts,
    contacts.callbacks,
    events.events,
    events.access_log,
    users.users,
    municipalities.departments,
    municipalities.settings_versions,
    steps.step_templates,
)
"""Every policy there is; the tests hold that none is missing."""


def rules() -> dict[str, Rule]:
    """Every rule in use, by name."""
    grants = (grant for policy in POLICIES for _, grants in _all(policy) for grant in grants.values())
    return {rule.name: rule for grant in grants for rule in grant.rules}


def page(*, sql: bool = True) -> str:
    """Policies, grants and rules as plain text."""
    return "\n".join([*_policies(), "", "RULES", "", *_rules(sql)])


def _policies() -> Iterator[str]:
    yield "POLICIES: who may read a resource, and do what with it. What is not named here is closed."
    for policy in POLICIES:
        yield ""
        yield policy.name + ("" if policy.personal else "   (about nobody: not logged)")
        for action, grants in _all(policy):
            for kind, grant in grants.items():
                yield f"  {action:<20} {kind:<13} {_grant(grant)}"


def _all(policy: Policy) -> Iterator[tuple[str, Grants]]:
    yield "read", policy.read
    yield from policy.actions.items()
    yield from ((f"sees {column}", grants) for column, grants in policy.veiled.items())


def _grant(grant: Grant) -> str:
    parts = [" or ".join(rule.name for rule in grant.allow) or "nobody"]
    parts += [f"if {rule.name}" for rule in grant.require]
    parts += [f"never {rule.name}" for rule in grant.deny]
    return "; ".join(parts)


def _rules(sql: bool) -> Iterator[str]:
    for name, rule in sorted(rules().items()):
        yield name
        yield f"  {rule.says}"
        if sql:
            text = str(rule.holds.compile(dialect=asyncpg.dialect(paramstyle="named")))  # type: ignore[no-untyped-call]
            yield from (f"    {line.strip()}" for line in text.splitlines())
        yield ""
