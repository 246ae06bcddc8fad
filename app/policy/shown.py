"""The policies as a page to read and sign: each rule with its meaning and its SQL."""

from collections.abc import Iterator

from sqlalchemy.dialects.postgresql import asyncpg

from app.policy import (
    access,
    agreements,
    applications,
    assignments,
    caseload,
    cases,
    concerns,
    consents,
    contacts,
    contents,
    cycles,
    deviations,
    documents,
    events,
    families,
    folders,
    imports,
    measures,
    methods,
    municipalities,
    organisations,
    preferences,
    requests,
    restrictions,
    sharing,
    standing_teams,
    steps,
    teams,
    users,
    voices,
    warnings,
)
from app.policy.core import Policy
from app.policy.rules import Grant, Grants, Rule

POLICIES: tuple[Policy, ...] = (
    families.families,
    families.members,
    families.custodies,
    families.relations,
    cases.cases,
    cases.complexity,
    warnings.case_warnings,
    steps.steps,
    cycles.cycles,
    cycles.activities,
    assignments.assignments,
    assignments.candidates,
    teams.team_members,
    teams.coverage_checks,
    agreements.role_agreements,
    deviations.deviations,
    caseload.caseload,
    contacts.meetings,
    contacts.contacts,
    contacts.callbacks,
    preferences.contact_preferences,
    concerns.concerns,
    concerns.related_cases,
    measures.measures,
    consents.consents,
    consents.statutory_bases,
    consents.signatures,
    folders.folders,
    documents.documents,
    contents.document_versions,
    sharing.shares,
    sharing.guests,
    sharing.withholdings,
    sharing.emergencies,
    restrictions.restrictions,
    access.case_access,
    access.consent_gaps,
    requests.information_requests,
    applications.applications,
    applications.application_statuses,
    voices.statements,
    voices.statement_versions,
    events.events,
    events.access_log,
    users.users,
    municipalities.departments,
    organisations.organisations,
    organisations.contact_persons,
    standing_teams.standing_teams,
    standing_teams.team_seats,
    municipalities.settings_versions,
    methods.methods,
    consents.legal_references,
    imports.imports,
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
