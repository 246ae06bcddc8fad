"""The HTTP surface: /v1 is assembled here."""

from fastapi.routing import APIRoute

from app.routers import cases, contacts, families, me, municipalities, steps, teams, users

ROUTERS = (
    me.router,
    families.router,
    cases.router,
    steps.router,
    teams.router,
    contacts.router,
    users.router,
    municipalities.router,
    municipalities.public,
)


def routes() -> list[APIRoute]:
    """Every route of v1, flat: an included router would be matched twice for each request."""
    return [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
