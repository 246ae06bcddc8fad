"""The HTTP surface: /v1 is assembled here."""

from fastapi.routing import APIRoute

from app.routers import (
    agreements,
    assignments,
    caseload,
    cases,
    concerns,
    contacts,
    cycles,
    deviations,
    families,
    imports,
    me,
    measures,
    methods,
    municipalities,
    organisations,
    preferences,
    standing_teams,
    steps,
    teams,
    users,
    warnings,
)

ROUTERS = (
    me.router,
    families.router,
    families.searching,
    cases.router,
    steps.router,
    cycles.router,
    assignments.router,
    teams.router,
    agreements.router,
    deviations.router,
    warnings.router,
    caseload.router,
    contacts.router,
    preferences.router,
    concerns.router,
    measures.router,
    users.router,
    organisations.router,
    standing_teams.router,
    municipalities.router,
    methods.router,
    imports.lists,
    imports.router,
    municipalities.public,
)


def routes() -> list[APIRoute]:
    """Every route of v1, flat: an included router would be matched twice for each request."""
    return [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
