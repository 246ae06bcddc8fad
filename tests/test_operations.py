"""What the operator meets: probes, metrics, headers, log lines, the worker, and the command line."""

import asyncio
import base64
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import structlog
from limits import parse
from limits.aio.strategies import FixedWindowRateLimiter
from sqlalchemy import text
from structlog.testing import capture_logs

from app import worker
from app.auth import TRYOUT_ISSUER, tryout_key
from app.db import Database
from app.limiting import SweptMemory, storage
from app.policy import shown
from tests.conftest import ROOT
from tests.worlds import World

pytestmark = pytest.mark.anyio
ALLOWED, OTHER = "https://spa.provekommune.invalid", "https://spa.fremmed.invalid"


# --- probes and metrics


async def test_alive_and_ready_need_no_token(world: World) -> None:
    assert (await world.client.get("/livez")).json() == {"status": "alive"}
    assert (await world.client.get("/readyz")).json() == {"status": "ready"}


async def test_not_ready_over_another_schema(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a new version waits for its migration it takes no traffic."""
    monkeypatch.setattr("app.main.head", lambda: "9999")
    await asyncio.sleep(1.1)  # the verdict is asked for once a second
    response = await world.client.get("/readyz")
    assert (response.status_code, response.json()["code"]) == (503, "storage-unavailable")
    assert (await world.client.get("/livez")).status_code == 200
    await asyncio.sleep(1.1)


async def test_metrics_name_routes_and_never_a_person(world: World) -> None:
    family = await world.family()
    await world.get("coordinator", f"/v1/families/{family.id}")
    await world.get("coordinator", "/v1/010190-1234")
    await world.call("coordinator", "PROPFIND", "/v1/me")
    told = (await world.client.get("/metrics")).text
    assert 'indgang_requests_total{method="GET",route="/v1/families/{family_id}",status="200"}' in told
    assert 'route="unmatched",status="404"' in told
    assert 'method="other"' in told
    assert "indgang_request_seconds_bucket" in told
    for hidden in (family.id, str(world.municipality), "010190-1234", "PROPFIND", "coordinator-"):
        assert hidden not in told


# --- headers


@pytest.mark.parametrize("wanted", ["abcdefgh", "trace-1.2_3", "A" * 64, "4bf92f3577b34da6a3ce929d0e0e4736"])
async def test_a_harmless_request_id_is_kept(wanted: str, world: World) -> None:
    for path in ("/livez", "/v1/me", "/v1/nothing"):
        assert (await world.get("coordinator", path, x_request_id=wanted)).headers["x-request-id"] == wanted


@pytest.mark.parametrize(
    "wanted", [None, "", "short", "A" * 65, "with space!", "<script>alert(1)", "a\tbcdefgh", "æøåæøåæø"]
)
async def test_another_request_id_is_made(wanted: str | None, world: World) -> None:
    headers = {b"x-request-id": wanted.encode()} if wanted is not None else {}
    response = await world.client.get("/livez", headers=headers)  # type: ignore[arg-type]
    assert UUID(response.headers["x-request-id"]).version == 7


@pytest.mark.parametrize(
    "path", ["/v1/me", "/v1/cases", "/v1/nothing", "/v1/labels", "/livez", "/metrics", "/openapi.json"]
)
async def test_nobody_keeps_or_sniffs_an_answer(path: str, world: World) -> None:
    response = await world.get("coordinator", path)
    assert response.headers.get_list("cache-control") == ["no-store"]
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["x-request-id"]


async def test_an_error_of_ours_carries_the_same_headers(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one answer whose trace id somebody will ask for."""

    async def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("app.services.me.me", broken)
    response = await world.get("coordinator", "/v1/me", origin=ALLOWED, x_request_id="the-trace-id")
    assert response.status_code == 500
    assert response.headers.get("x-request-id") == "the-trace-id"
    assert response.headers.get("cache-control") == "no-store"
    assert response.headers.get("access-control-allow-origin") == ALLOWED


async def test_the_browser_of_an_allowed_origin_may_read(world: World) -> None:
    response = await world.get("coordinator", "/v1/me", origin=ALLOWED)
    assert response.headers["access-control-allow-origin"] == ALLOWED
    exposed = {name.strip() for name in response.headers["access-control-expose-headers"].split(",")}
    assert exposed >= {"ETag", "Location", "X-Request-Id", "Retry-After", "Content-Location", "Idempotency-Replayed"}
    assert "Origin" in response.headers["vary"]


async def test_the_browser_of_another_origin_may_not(world: World) -> None:
    response = await world.get("coordinator", "/v1/me", origin=OTHER)
    assert "access-control-allow-origin" not in response.headers
    asked = {"origin": OTHER, "access-control-request-method": "GET"}
    refused = await world.client.options("/v1/me", headers=asked)
    assert "access-control-allow-origin" not in refused.headers


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH"])
async def test_a_preflight_lets_through_what_the_api_needs(method: str, world: World) -> None:
    wanted = "authorization, content-type, if-match, idempotency-key, x-purpose, accept-language"
    asked = {"origin": ALLOWED, "access-control-request-method": method, "access-control-request-headers": wanted}
    response = await world.client.options("/v1/cases", headers=asked)
    assert response.status_code == 200, response.text
    assert response.headers["access-control-allow-origin"] == ALLOWED
    assert "*" not in "".join(v for k, v in response.headers.items() if k.startswith("access-control"))
    assert response.headers.get("access-control-allow-credentials") != "true"


# --- log lines


async def test_a_log_line_holds_our_own_fields_only(world: World) -> None:
    family = await world.family()
    with capture_logs() as logs:
        path = f"/v1/members/{family.members['child']}?after=010190-1234"
        await world.get("coordinator", path, x_purpose="010190-1234", x_request_id="the-trace-id")
    (line,) = logs
    assert set(line) == {"event", "log_level", "method", "route", "status", "ms", "id"}
    assert (line["route"], line["method"], line["id"]) == ("/v1/members/{member_id}", "GET", "the-trace-id")
    for hidden in (
        "010190",
        family.members["child"],
        "Prøvesen",
        str(world.municipality),
        world.subject("coordinator"),
    ):
        assert hidden not in repr(logs)


def test_libraries_do_not_tell_what_an_exception_says(capsys: pytest.CaptureFixture[str]) -> None:
    """Run apart: setting up logging is for a whole process."""
    program = """
import logging
from pathlib import Path
from app.config import Settings
from app.logs import configure
configure(Settings(mode="tryout", data_dir=Path("var")))
try:
    raise ValueError("010190-1234")
except ValueError:
    logging.getLogger("some.library").exception("it failed\\n010190-1234")
logging.getLogger("some.library").error("")
"""
    found = subprocess.run(  # noqa: S603
        [sys.executable, "-c", program], cwd=ROOT, env=environment(), capture_output=True, text=True
    )
    assert found.returncode == 0, found.stderr
    assert "010190" not in found.stdout + found.stderr
    first = json.loads(found.stdout.splitlines()[0])
    assert (first["error"], first["logger"], first["event"]) == ("ValueError", "some.library", "it failed")


# --- the worker


async def test_a_round_makes_partitions_and_forgets_old_keys(world: World, owner: Database, database: Database) -> None:
    body = {"owner_department_id": str(world.departments["handicap"])}
    for key in ("old", "young"):
        assert (await world.post("coordinator", "/v1/families", body, idempotency_key=key)).status_code == 201
    async with owner.transaction(world.municipality) as session:
        values = {"here": world.municipality, "then": datetime.now(UTC) - timedelta(hours=49)}
        aged = "update idempotency_keys set used_at = :then where municipality_id = :here and key = 'old'"
        await session.execute(text(aged), values)
        newest_of = (
            "select max(relname) from pg_class where relkind = 'r' and relispartition and relname like 'events_2%'"
        )
        newest = (await session.execute(text(newest_of))).scalar_one()
        await session.execute(text(f"drop table {newest}"))
    with capture_logs() as logs:
        await worker.work(database)
    (told,) = (line for line in logs if line["event"] == "round")
    assert told["partitions"] == 1
    assert told["forgotten"] >= 1
    async with owner.transaction(world.municipality) as session:
        mine = text("select key from idempotency_keys where municipality_id = :here")
        assert list((await session.execute(mine, {"here": world.municipality})).scalars()) == ["young"]
        assert (await session.execute(text(f"select to_regclass('{newest}')"))).scalar_one() is not None
    with capture_logs() as logs:
        await worker.work(database)
    assert [line["partitions"] for line in logs if line["event"] == "round"] == [0]


# --- the command line


def environment(**settings: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("INDGANG_", "DATABASE", "MIGR"))}
    return kept | settings


def indgang(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603
        [Path(sys.executable).parent / "indgang", *arguments],
        cwd=ROOT, env=environment(**settings), capture_output=True, text=True, timeout=60,
    )  # fmt: skip


ISSUER = {"issuer": "https://login.invalid", "audience": "indgang", "jwks_url": "https://login.invalid/keys",
          "kinds": ["professional"], "municipalities": [str(uuid4())]}  # fmt: skip
PRODUCTION = {
    "INDGANG_MODE": "production",
    "INDGANG_ISSUERS": json.dumps([ISSUER]),
    "DATABASE_URL": "postgresql://nobody:secretword@127.0.0.1:1/nothing",
    "INDGANG_PORT": "18734",
    "INDGANG_CPR_KEYS": json.dumps([{"id": "2026", "key": base64.b64encode(bytes(range(32))).decode()}]),
    "INDGANG_CPR_INDEX_KEY": base64.b64encode(bytes(range(32, 64))).decode(),
}
UNSAFE = {
    "tryout-for-everybody": ({"INDGANG_MODE": "tryout", "INDGANG_HOST": "0.0.0.0"}, "INDGANG_HOST"),  # noqa: S104
    "tryout-on-a-real-database": (
        {"INDGANG_MODE": "tryout", "DATABASE_URL": PRODUCTION["DATABASE_URL"]},
        "DATABASE_URL",
    ),
    "production-without-database": (PRODUCTION | {"DATABASE_URL": ""}, "DATABASE_URL"),
    "production-on-sqlite": (PRODUCTION | {"DATABASE_URL": "sqlite:///x"}, "PostgreSQL"),
    "production-without-issuer": (PRODUCTION | {"INDGANG_ISSUERS": "[]"}, "INDGANG_ISSUERS"),
    "production-without-cpr-key": (PRODUCTION | {"INDGANG_CPR_KEYS": ""}, "INDGANG_CPR_KEYS"),
    "production-open-origin": (PRODUCTION | {"INDGANG_CORS_ORIGINS": '["*"]'}, "INDGANG_CORS_ORIGINS"),
    "a-misspelt-setting": (PRODUCTION | {"INDGANG_RATELIMIT": "1/minute"}, "INDGANG_RATELIMIT"),
    "production-database-that-is-not-there": (PRODUCTION, "DATABASE_URL"),
}


@pytest.mark.parametrize("name", UNSAFE)
def test_an_unsafe_set_up_is_refused_with_one_clear_sentence(name: str) -> None:
    """P18. Nothing is served, nothing is traced back, and no secret is told."""
    settings, told = UNSAFE[name]
    found = indgang("serve", **settings)
    assert (found.returncode, found.stdout) == (1, "")
    (sentence,) = found.stderr.strip().splitlines()
    assert told in sentence
    assert sentence.endswith(".")
    assert "secretword" not in sentence


def test_a_token_is_made_in_tryout_only(tmp_path: Path) -> None:
    found = indgang("token", "--as", "coordinator", **PRODUCTION)
    assert (found.returncode, found.stdout) == (1, "")
    assert "INDGANG_MODE=tryout" in found.stderr
    tryout = {"INDGANG_MODE": "tryout", "INDGANG_DATA_DIR": str(tmp_path)}
    tryout_key(tmp_path)
    made = indgang("token", "--as", "coordinator", **tryout)
    assert (made.returncode, made.stdout.count(".")) == (0, 2)
    unknown = indgang("token", "--as", "nobody", **tryout)
    assert unknown.returncode == 1
    assert "coordinator" in unknown.stderr


def test_a_token_without_a_server_that_would_take_it_is_refused(tmp_path: Path) -> None:
    """It would be signed by a key that no server knows; and none is made for it."""
    found = indgang("token", "--as", "coordinator", INDGANG_MODE="tryout", INDGANG_DATA_DIR=str(tmp_path / "empty"))
    assert (found.returncode, found.stdout) == (1, "")
    assert "INDGANG_DATA_DIR" in found.stderr
    assert not (tmp_path / "empty").exists()


def test_a_token_for_somebody_who_is_not_in_the_demo(tmp_path: Path) -> None:
    tryout = {"INDGANG_MODE": "tryout", "INDGANG_DATA_DIR": str(tmp_path)}
    tryout_key(tmp_path)
    elsewhere = "0d3e0000-0000-4000-8000-00000000ffff"
    for asked, kind, where in (
        ((), "professional", "0d3e0000-0000-4000-8000-000000000001"),
        (("--kind", "citizen", "--municipality", elsewhere), "citizen", elsewhere),
    ):
        made = indgang("token", "--subject", "new-one", *asked, **tryout)
        assert made.returncode == 0, made.stderr
        body = made.stdout.strip().split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        assert (claims["iss"], claims["sub"]) == (TRYOUT_ISSUER, "new-one")
        assert (claims["actor_kind"], claims["municipality"]) == (kind, where)
    for asked in ((), ("--as", "coordinator", "--subject", "x")):
        refused = indgang("token", *asked, **tryout)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert "--subject" in refused.stderr


def test_the_page_of_rules_has_every_rule() -> None:
    found = indgang("policy", "show")
    assert found.returncode == 0
    told = " ".join(found.stdout.split())
    assert len(shown.rules()) > 15
    for name, rule in shown.rules().items():
        assert f"{name} {rule.says}" in told
    for policy in shown.POLICIES:
        assert f" {policy.name} " in told
        assert all(f" {action} " in told for action in policy.actions)


def test_logging_of_these_tests_is_their_own() -> None:
    """`capture_logs` hears nothing of a logger that was bound earlier and kept."""
    assert structlog.get_config()["cache_logger_on_first_use"] is False


# --- how often somebody has asked


async def test_windows_that_are_over_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counting costs the same however many ask, and what is over is dropped with the next question."""
    now, counts = [1_000.0], storage("async+memory://")
    assert isinstance(counts, SweptMemory)
    monkeypatch.setattr("time.time", lambda: now[0])
    limiter, limit = FixedWindowRateLimiter(counts), parse("2/minute")
    assert [await limiter.hit(limit, "a") for _ in range(3)] == [True, True, False]
    assert await limiter.hit(limit, "b")
    now[0] += 61
    assert await limiter.hit(limit, "c")
    assert len(counts.storage) == len(counts.expirations) == 1
    assert await limiter.hit(limit, "a")


def test_where_it_is_counted_must_be_asynchronous() -> None:
    with pytest.raises(ValueError, match="asynchronous"):
        storage("memory://")
