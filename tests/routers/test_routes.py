"""Every route: how it is written. What opens it, and to whom, is tried in tests/policy."""

import inspect

import pytest
from fastapi.routing import APIRoute

from app.routers import routes
from app.routing import TransactionRoute

PUBLIC = {"/v1/labels"}
ROUTES = [pytest.param(route, id=route.name) for route in routes()]


@pytest.mark.parametrize("route", ROUTES)
def test_a_route_is_a_signature_a_docstring_and_a_return(route: APIRoute) -> None:
    """What decides stands in a service or a policy, where it can be found and tested."""
    assert isinstance(route, TransactionRoute) != (route.path in PUBLIC)
    assert route.endpoint.__doc__
    source = inspect.getsource(route.endpoint)
    body = source.rpartition('"""')[2].strip().splitlines()
    assert len(body) <= 3
    assert body[-1].strip().startswith("return ")


def test_no_two_routes_answer_the_same_request() -> None:
    told = [(method, route.path) for route in routes() for method in route.methods or ()]
    assert len(set(told)) == len(told)
    assert all(path.startswith("/v1/") for _, path in told)
