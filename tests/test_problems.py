"""Every error is a problem (RFC 9457) of one shape, in the caller's language, and holds nothing of what was sent."""

import ast
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from pydantic import BaseModel, ValidationError
from structlog.testing import capture_logs

from app import problems
from app.config import Settings
from app.db import Database
from app.errors import flaws
from app.main import create_app
from app.schemas.base import Out
from app.schemas.imports import ListedRow
from app.services import me
from app.services.catalogue import explained, labels
from tests.conftest import ROOT
from tests.worlds import World

pytestmark = pytest.mark.anyio
CANARY = "010190-1234"
SHAPE = {"type", "title", "status", "code", "errors"}
JSON = {"content-type": "application/json"}


def is_problem(response: httpx.Response, status: int, code: str | None = None) -> Any:
    """The answer is a whole problem of this status."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    found = response.json()
    assert set(found) == SHAPE
    assert found["status"] == status
    assert found["type"] == f"urn:indgang:problem:{found['code']}"
    assert found["title"] == labels()["problem"][found["code"]][response.headers["content-language"]]
    for flaw in found["errors"]:
        assert set(flaw) == {"pointer", "code", "detail"}
        assert flaw["detail"] not in ("", labels()["flaw"]["invalid"][response.headers["content-language"]]), flaw
        assert "{" not in flaw["detail"], flaw
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["x-request-id"]
    assert response.headers["x-request-id"] not in response.text
    assert code in (None, found["code"])
    return found


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


# --- one of each kind


async def test_unreadable_json(world: World) -> None:
    for body in ("{", "{'a': 1}", "", "nonsense", '{"a": 1,}'):
        sent = {**world.headers("coordinator"), **JSON}
        response = await world.client.post("/v1/families", content=body, headers=sent)
        assert is_problem(response, *((400, "unreadable-json") if body else (422, "validation-failed")))


async def test_a_path_that_is_none(world: World) -> None:
    for path in ("/", "/v1", "/v1/nothing", "/v2/cases", "/v1/cases/", "/v1/cases//", "/.env", "/v1/%2e%2e/x"):
        assert is_problem(await world.get("coordinator", path), 404, "not-found")["errors"] == []


async def test_a_method_that_is_none_says_which_there_are(world: World) -> None:
    response = await world.call("coordinator", "DELETE", "/v1/families")
    is_problem(response, 405, "method-not-allowed")
    assert {part.strip() for part in response.headers["allow"].split(",")} == {"GET", "POST"}
    one = await world.call("coordinator", "DELETE", f"/v1/cases/{uuid4()}")
    is_problem(one, 405)
    assert {part.strip() for part in one.headers["allow"].split(",")} == {"GET", "PATCH"}


async def test_a_body_that_is_too_large(world: World, settings: Settings) -> None:
    sent = {**world.headers("coordinator"), **JSON}
    body = b'{"a": "' + b"x" * settings.max_body_bytes + b'"}'
    whole = await world.client.post("/v1/families", content=body, headers=sent)
    (told,) = is_problem(whole, 413, "body-too-large")["errors"]
    assert (told["pointer"], told["detail"]) == ("", "Der må højst være 1 MiB.")

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * (settings.max_body_bytes // 10)

    streamed = await world.client.post("/v1/families", content=chunks(), headers=sent)
    assert is_problem(streamed, 413) == whole.json()


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/xml", ""])
async def test_a_body_that_is_no_json(world: World, kind: str) -> None:
    sent = {**world.headers("coordinator"), "content-type": kind}
    body = json.dumps({"owner_department_id": str(world.departments["handicap"])})
    response = await world.client.post("/v1/families", content=body, headers=sent)
    assert response.status_code in (415, 422)
    is_problem(response, response.status_code)


async def test_what_is_wrong_is_pointed_at(world: World) -> None:
    body = {"kind": "child", "relation": "aunt", "name": "", "login": {"issuer": 1}}
    found = is_problem(
        await world.post("coordinator", f"/v1/families/{uuid4()}/members", body), 422, "validation-failed"
    )
    assert {flaw["pointer"] for flaw in found["errors"]} == {
        "/relation", "/name", "/login/issuer", "/login/subject",
    }  # fmt: skip
    query = is_problem(await world.get("coordinator", "/v1/cases?limit=0&state=lost"), 422)
    assert {flaw["pointer"] for flaw in query["errors"]} == {"?limit", "?state"}
    path = is_problem(await world.get("coordinator", "/v1/cases/none"), 422)
    assert [flaw["pointer"] for flaw in path["errors"]] == ["?case_id"]
    header = is_problem(await world.get("coordinator", "/v1/me", x_purpose="x" * 201), 422)
    assert [flaw["pointer"] for flaw in header["errors"]] == ["#X-Purpose"]


SAID = {
    "da": {
        "/name": "Teksten må højst have 200 tegn.",
        "/kind": "Vælg en af disse: child, adult, network.",
        "/relation": "Feltet mangler.",
        "/birth_date": "Årstallet skal være mellem 1900 og 2200.",
        "/login": "Her skal stå et objekt med felter.",
        "/unknown": "Feltet findes ikke her.",
    },
    "en": {
        "/name": "The text must have at most 200 characters.",
        "/kind": "Choose one of these: child, adult, network.",
        "/relation": "The field is missing.",
        "/birth_date": "The year must be between 1900 and 2200.",
        "/login": "This must be an object with fields.",
        "/unknown": "There is no such field here.",
    },
}


@pytest.mark.parametrize("language", SAID)
async def test_each_flaw_says_what_is_wrong_and_what_is_allowed(language: str, world: World) -> None:
    body = {"kind": "aunt", "name": "x" * 201, "birth_date": "1899-12-31", "login": "mor", "unknown": 1}
    path = f"/v1/families/{uuid4()}/members"
    found = is_problem(await world.post("coordinator", path, body, accept_language=language), 422)
    assert {flaw["pointer"]: flaw["detail"] for flaw in found["errors"]} == SAID[language]


async def test_a_flaw_in_the_meaning_says_what_is_wrong(world: World) -> None:
    family = await world.family()
    custody = {"child_id": family.members["child"], "holder_id": family.members["child"], "source": "court"}
    path, body = f"/v1/families/{family.id}/custodies", custody | {"valid_from": "2026-01-01"}
    found = is_problem(await world.post("coordinator", path, body), 422, "not-an-adult")
    assert found["errors"] == [
        {"pointer": "/holder_id", "code": "not-an-adult", "detail": labels()["problem"]["not-an-adult"]["da"]}
    ]
    settings = {"settings": {"meeting": {"kinds": ["gathering"]}}}
    found = is_problem(await world.update("administrator", "PATCH", "/v1/municipality", settings), 422)
    (flaw,) = found["errors"]
    assert (flaw["pointer"], flaw["code"]) == ("/settings/meeting", "meeting-kinds-of-model")
    assert flaw["detail"].endswith(": assessment, status.")


async def test_what_blocks_a_step_is_named(world: World) -> None:
    case = await world.allocated()
    refused = await world.post("coordinator", f"/v1/cases/{case['id']}/steps/2/start", {}, accept_language="en")
    found = is_problem(refused, 409, "step-blocked")
    assert [(flaw["code"], flaw["detail"]) for flaw in found["errors"]] == [("step-1", "Step 1 is not done.")]


async def test_too_many_requests(world: World, settings: Settings, database: Database) -> None:
    """Per subject: another one is served meanwhile."""
    app = create_app(settings.model_copy(update={"rate_limit": "2/minute"}), database)
    async with served(app) as client:
        for _ in range(2):
            assert (await client.get("/v1/me", headers=world.headers("coordinator"))).status_code == 200
        response = await client.get("/v1/me", headers=world.headers("coordinator"))
        is_problem(response, 429, "rate-limited")
        assert 1 <= int(response.headers["retry-after"]) <= 60
        assert (await client.get("/v1/me", headers=world.headers("second"))).status_code == 200


async def test_an_error_of_ours(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: Any) -> None:
        raise RuntimeError(f"the person {CANARY} broke it")

    monkeypatch.setattr(me, "me", broken)
    with capture_logs() as logs:
        response = await world.get("coordinator", "/v1/me", accept_language="en")
    is_problem(response, 500, "internal-error")
    assert CANARY not in response.text + repr(logs)
    (told,) = (line for line in logs if line["event"] == "internal error")
    assert told["error"] == "RuntimeError"
    assert "test_problems.py" in told["where"]


async def test_a_database_that_does_not_answer(settings: Settings, world: World) -> None:
    database = Database("postgresql://nobody@127.0.0.1:1/nothing", 1)
    async with served(create_app(settings, database)) as client:
        for path in ("/v1/me", "/readyz"):
            response = await client.get(path, headers=world.headers("coordinator"))
            is_problem(response, 503, "storage-unavailable")
            assert int(response.headers["retry-after"]) > 0
        assert (await client.get("/livez")).status_code == 200
    await database.close()


async def test_not_signed_in(world: World) -> None:
    for headers in ({}, {"authorization": "Basic x"}, {"authorization": "Bearer "}, {"authorization": "Bearer x"}):
        response = await world.client.get("/v1/me", headers=headers)
        is_problem(response, 401)
        assert response.headers["www-authenticate"].startswith("Bearer")


# --- language


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        (None, "da"), ("en", "en"), ("en-GB,en;q=0.9", "en"), ("da, en;q=0.8", "da"), ("en;q=0.5, da;q=0.4", "en"),
        ("de", "da"), ("*", "da"), ("en;q=0", "da"), ("en;q=x", "da"), (",,;;q=", "da"), ("x" * 5000, "da"),
    ],
)  # fmt: skip
async def test_the_title_follows_accept_language(asked: str | None, language: str, world: World) -> None:
    headers = {} if asked is None else {"accept_language": asked}
    response = await world.get("coordinator", f"/v1/cases/{uuid4()}", **headers)
    is_problem(response, 404)
    assert response.headers["content-language"] == language


# --- nothing that was sent comes back


@pytest.fixture
def heard(capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Iterator[list[str]]:
    """Everything that is logged meanwhile, by us and by libraries."""
    lines: list[str] = []
    with capture_logs() as logs:
        caplog.set_level("DEBUG")
        lines.append("")
        yield lines
    lines.append(repr(logs) + caplog.text + repr(capsys.readouterr()))
    assert CANARY not in lines[-1]


BODIES: dict[str, list[Any]] = {
    "/v1/families": [{"owner_department_id": CANARY}, CANARY, [CANARY], {"a": CANARY}],
    "/v1/cases": [
        {"family_id": CANARY, "child_id": CANARY, "owner_department_id": CANARY, "model": CANARY, "kle_code": CANARY},
        {"external_references": [{"system": CANARY, "reference": CANARY, CANARY[:6]: CANARY}]},
    ],
    "/v1/families/{id}/members": [
        {"kind": CANARY, "relation": CANARY, "name": f"{CANARY}\n", "birth_date": CANARY, "email": CANARY},
        {"kind": "child", "relation": "child", "name": CANARY, "phone": f"{CANARY} nej", "login": CANARY},
    ],
    "/v1/families/{id}/custodies": [{"child_id": CANARY, "source": CANARY, "valid_from": CANARY}],
    "/v1/cases/{id}/transitions": [{"to": CANARY, "reason": CANARY, "closing": CANARY, "family_view": [CANARY]}],
    "/v1/cases/{id}/meetings": [{"kind": CANARY, "planned_for": CANARY, "chair_id": CANARY}],
    "/v1/cases/{id}/contacts": [{"kind": CANARY, "channel": CANARY, "took_place_at": CANARY, "note": [CANARY]}],
    "/v1/step-templates": [{"model": CANARY, "name": [CANARY], "steps": [CANARY], "based_on": CANARY}],
    "/v1/users": [{"kind": CANARY, "issuer": [CANARY], "profession": CANARY, "positions": [{"role": CANARY}]}],
}


@pytest.mark.parametrize("path", BODIES)
async def test_no_body_is_echoed(path: str, world: World, heard: list[str]) -> None:
    for body in BODIES[path]:
        for who in ("coordinator", "administrator", "mother"):
            response = await world.post(who, path.format(id=uuid4()), body)
            assert 400 <= response.status_code < 500
            assert CANARY not in response.text + repr(response.headers)


async def test_no_value_of_a_setting_is_echoed(world: World, heard: list[str]) -> None:
    for settings in ({"steps": {"blocking": CANARY}}, {"case": CANARY}, {"consent": {"youth_age": CANARY}}, CANARY):
        response = await world.update("administrator", "PATCH", "/v1/municipality", {"settings": settings})
        is_problem(response, 422)
        assert CANARY not in response.text


@pytest.mark.parametrize("body", [f'{{"name": "{CANARY}"', f'{{"{CANARY}": ', f"{CANARY}", f'["{CANARY}",]'])
async def test_no_unreadable_body_is_echoed(body: str, world: World, heard: list[str]) -> None:
    sent = {**world.headers("coordinator"), **JSON}
    response = await world.client.post("/v1/families", content=body, headers=sent)
    assert 400 <= response.status_code < 500
    assert CANARY not in response.text


@pytest.mark.parametrize(
    "path",
    ["/v1/cases/{c}", "/v1/cases/{c}/steps/{c}", "/v1/{c}", "/{c}", "/v1/cases?limit={c}", "/v1/cases?state={c}",
     "/v1/cases?family_id={c}", "/v1/cases?after={c}", "/v1/users?profession={c}", "/v1/cases?unknown={c}"],
)  # fmt: skip
async def test_no_path_or_query_is_echoed(path: str, world: World, heard: list[str]) -> None:
    response = await world.get("coordinator", path.format(c=CANARY))
    is_problem(response, 404 if path in ("/v1/{c}", "/{c}") else 422)
    assert CANARY not in response.text


async def test_no_header_is_echoed(world: World, heard: list[str]) -> None:
    for name in ("if_match", "idempotency_key", "accept_language", "x_purpose", "accept", "cookie", "origin"):
        body = {"phone": "70000011"}
        response = await world.call("coordinator", "PATCH", f"/v1/members/{uuid4()}", body, **{name: CANARY})
        assert response.status_code in (404, 428)
        assert CANARY not in response.text + repr(response.headers)
    for token in (f"Bearer {CANARY}", f"Basic {CANARY}", CANARY):
        response = await world.client.get("/v1/me", headers={"authorization": token})
        is_problem(response, 401)
        assert CANARY not in response.text + repr(response.headers)


async def test_no_name_of_an_unknown_field_is_echoed(world: World, heard: list[str]) -> None:
    """A list of people by CPR number, sent where it does not belong, comes back in the pointers otherwise."""
    is_problem(refused := await world.get("coordinator", f"/v1/cases?{CANARY}=1"), 422)
    assert CANARY not in refused.text
    is_problem(refused := await world.post("coordinator", "/v1/families", {CANARY: 1}), 422)
    assert CANARY not in refused.text
    settings = {"steps": {CANARY: 1}, CANARY: {}}
    is_problem(refused := await world.update("administrator", "PATCH", "/v1/municipality", {"settings": settings}), 422)
    assert CANARY not in refused.text


async def test_a_broken_constraint_is_not_told_with_what_it_holds(world: World, heard: list[str]) -> None:
    """PostgreSQL's own message says which key exists already."""
    body = {"kind": "professional", "issuer": "https://login.invalid", "subject": CANARY, "name": "Et Navn"}
    assert (await world.post("administrator", "/v1/users", body)).status_code == 201
    again = await world.post("administrator", "/v1/users", body)
    found = is_problem(again, 409, "already-exists")
    assert found["errors"][0]["pointer"] == "/subject"
    assert CANARY not in again.text


# --- strict, and hard to hurt


async def test_what_is_not_known_is_refused(world: World) -> None:
    for path in ("/v1/cases?x=1", "/v1/users?name=a", "/v1/families?limit=1&LIMIT=2"):
        is_problem(await world.get("coordinator", path), 422)
    body = {"owner_department_id": str(world.departments["handicap"]), "name": "Familien"}
    is_problem(await world.post("coordinator", "/v1/families", body), 422)
    assert (await world.get("coordinator", "/v1/families")).json()["items"] == []


UNQUERIED = ("/v1/me", "/v1/me/work", "/v1/municipality", "/v1/users/{user}", "/v1/cases/{case}/steps",
             "/v1/cases/{case}", "/v1/cases/{case}/overview", "/v1/cases/{case}/transitions")  # fmt: skip


@pytest.mark.parametrize("path", UNQUERIED)
async def test_a_query_where_there_is_none_is_refused(path: str, world: World) -> None:
    """Who asks for page 2 of what has no pages must hear of it (api: an unknown query parameter is 422)."""
    case = await world.allocated()
    where = path.format(user=world.ids["second"], case=case["id"])
    assert (await world.get("coordinator", where)).status_code == 200
    is_problem(await world.get("coordinator", f"{where}?unknown=1"), 422)


HOSTILE = {
    "nul": '{"kind": "adult", "relation": "other", "name": "a\\u0000b"}',
    "control": '{"kind": "adult", "relation": "other", "name": "a\\u0007b"}',
    "lone-surrogate": '{"kind": "adult", "relation": "other", "name": "a\\ud800b"}',
    "lone-surrogate-in-text": '{"kind": "adult", "relation": "other", "name": "a", "capability_notes": "\\udfff"}',
    "lone-surrogate-key": '{"kind": "adult", "relation": "other", "name": "a", "\\ud800": 1}',
    "nul-in-notes": '{"kind": "adult", "relation": "other", "name": "a", "capability_notes": "\\u0000"}',
    "not-utf-8": b'{"kind": "adult", "relation": "other", "name": "\xff\xfe"}',
    "utf-16": '{"kind": "adult"}'.encode("utf-16"),
    "deep": "[" * 100_000,
    "deep-and-closed": '{"name": ' + "[" * 50_000 + "]" * 50_000 + "}",
    "huge-number": '{"kind": "adult", "relation": "other", "name": 1' + "0" * 10_000 + "}",
    "huge-exponent": '{"kind": "adult", "relation": "other", "name": 1e400}',
    "not-a-number": '{"kind": "adult", "relation": "other", "name": NaN}',
    "duplicate-keys": '{"kind": "adult", "relation": "other", "name": "a", "name": "b"}',
    "year-0": '{"kind": "adult", "relation": "other", "name": "a", "birth_date": "0000-01-01"}',
    "year-10000": '{"kind": "adult", "relation": "other", "name": "a", "birth_date": "10000-01-01"}',
    "number-for-date": '{"kind": "child", "relation": "other", "name": "a", "birth_date": 1e18}',
    "array": "[]",
    "null": "null",
    "text": '"a"',
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_content_is_refused_cleanly(name: str, world: World) -> None:
    body = {"owner_department_id": str(world.departments["handicap"])}
    family = (await world.post("coordinator", "/v1/families", body)).json()
    path, sent = f"/v1/families/{family['id']}/members", {**world.headers("coordinator"), **JSON}
    response = await world.client.post(path, content=HOSTILE[name], headers=sent)
    assert response.status_code in (400, 422), response.text
    is_problem(response, response.status_code)
    assert (await world.get("coordinator", path)).json()["items"] == []


@pytest.mark.parametrize(
    "path",
    ["/v1/cases?after=%00", "/v1/cases?limit=99999999999999999999999", "/v1/cases?limit=1e3",
     "/v1/cases?limit=50&limit=x",
     "/v1/cases/%00", "/v1/cases/%ff%fe", "/v1/cases?family_id=%00",
     "/v1/cases/{id}/steps/99999999999999999999", "/v1/cases/{id}/steps/-1",
     "/v1/cases/{id}/steps/1.5", "/v1/cases?state=%F0%9F%92%A9", "/v1/cases?limit=%D9%A5"],
)  # fmt: skip
async def test_a_hostile_address_is_refused_cleanly(path: str, world: World) -> None:
    response = await world.get("coordinator", path.format(id=uuid4()))
    assert response.status_code in (404, 422), response.text
    is_problem(response, response.status_code)


async def test_numbers_too_large_for_the_database_are_refused_cleanly(world: World) -> None:
    template = (await world.get("administrator", "/v1/step-templates?model=efei&limit=1")).json()["items"][0]
    body = {"model": "efei", "name": "Ny", "steps": template["steps"], "based_on": 2**70}
    response = await world.post("administrator", "/v1/step-templates", body)
    assert response.status_code in (409, 422)


# --- every code has its words


def codes() -> Iterator[tuple[str, str]]:
    """Every problem code that stands in the code: raised, defaulted, mapped from a constraint or a status."""
    trees = {
        name
        for name, value in vars(problems).items()
        if isinstance(value, type) and issubclass(value, problems.Problem)
    }
    named = trees | {"BadRequest", "Unauthorized", "Forbidden", "NotFound", "TooManyRequests", "PreconditionRequired"}
    for path in (ROOT / "app").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            place = f"{path.name}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                which = node.args[0:1] if node.func.id in named else node.args[2:3] if node.func.id == "invalid" else []
                yield from ((one.value, place) for one in which if isinstance(one, ast.Constant) and one.value)
            elif isinstance(node, ast.ClassDef):
                for line in node.body:
                    if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) in (
                        "default",
                        "(status, default)",
                    ):
                        yield ast.literal_eval(line.value)[-1], place
    yield from ((code, "problems.CODES") for code in problems.CODES.values())
    yield from ((problem.code, "problems.CONSTRAINTS") for problem in problems.CONSTRAINTS.values())


def test_every_problem_has_its_words() -> None:
    found = list(codes())
    assert {"not-found", "coordinator-exists", "internal-error", "token-expired", "last-administrator"} <= {
        c for c, _ in found
    }
    known = labels()["problem"]
    assert [(code, place) for code, place in found if code not in known] == []


def test_every_constraint_that_has_a_meaning_exists() -> None:
    """A renamed constraint would turn its 409 into a 503."""
    from app.db import Base

    there = set()
    for table in Base.metadata.tables.values():
        there |= {str(one.name) for one in table.constraints | table.indexes}  # type: ignore[operator]
    assert problems.CONSTRAINTS.keys() <= there


def flaw_codes() -> Iterator[tuple[str, str]]:
    """Every code of a flaw that stands in the code."""
    for path in (ROOT / "app").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                place = {"invalid": 1, "Flaw": 1, "PydanticCustomError": 0}.get(node.func.id)
                which = [] if place is None else node.args[place : place + 1]
                yield from ((one.value, f"{path.name}:{one.lineno}") for one in which if isinstance(one, ast.Constant))


def test_every_flaw_of_ours_has_its_words() -> None:
    found = list(flaw_codes())
    assert {"future", "not-here", "named-once", "unknown-reference"} <= {code for code, _ in found}
    known = labels()["flaw"].keys() | labels()["problem"].keys()
    assert [(code, place) for code, place in found if code not in known] == []


WRONG: list[Any] = [
    None, True, 0, -1, 2**70, 1.5, 1e400, "", "nej", "x" * 5000, "a\u0000", "\ud800", [], [1], ["x"] * 300, {},
    {"x": 1},
    "2026-13-01", "2026-01-01T10:00", "2026-01-01T10:00:00", "1800-01-01", "1800-01-01T10:00:00Z", "9999-12-31", CANARY,
    [CANARY], {CANARY: CANARY},
]  # fmt: skip


def taken() -> Iterator[type[BaseModel]]:
    """Every shape of what is sent: bodies, their parts, queries, settings and templates."""
    waiting, seen = [BaseModel], set[type[BaseModel]]()
    while waiting:
        for shape in waiting.pop().__subclasses__():
            if shape not in seen and not issubclass(shape, Out):
                seen.add(shape)
                waiting.append(shape)
                if shape.__module__.startswith("app.schemas") and not issubclass(shape, ListedRow):
                    yield shape


def test_whatever_is_sent_the_flaw_has_its_words_and_none_of_what_was_sent() -> None:
    """Each field of each shape with every kind of wrong value."""
    fields, kinds = 0, set()
    for shape in taken():
        for field in shape.model_fields:
            fields += 1
            for value in WRONG:
                try:
                    shape.model_validate({field: value, CANARY: CANARY})
                except ValidationError as error:
                    for flaw in flaws(error.errors()):
                        kinds.add(flaw.code)
                        assert flaw.code in labels()["flaw"], (shape, field)
                        assert "(" not in "".join(flaw.limits.values()), "a limit as Python writes it"
                        assert CANARY not in f"{flaw} {explained(flaw.code, flaw.limits, 'da')}"
    assert fields > 200
    assert {"literal_error", "uuid_parsing", "timezone_aware", "year-out-of-range", "string_too_long"} <= kinds
