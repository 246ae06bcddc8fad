"""P16: a CPR number that was written is nowhere but in its cipher: no answer, header, log line, metric, table or error.

Made-up numbers are sent through every write of a member, in every field's neighbourhood, with right and wrong shapes,
to those who may and those who may not; then everything that can be looked at is searched for their digits.
"""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from structlog.testing import capture_logs

from app.cpr import Vault
from app.db import Database
from tests.worlds import FamilyOf, World

pytestmark = pytest.mark.anyio
SERIALS = tuple(str(serial) for serial in range(4711, 4731))
BORN = "120416"
CANARIES = tuple(f"{BORN}{serial}" for serial in SERIALS)
FIELDS: dict[str, Any] = {
    "name": "Kanarie Prøvesen",
    "birth_date": "2016-04-12",
    "phone": "70 00 00 51",
    "email": "kanarie@login.invalid",
    "address": "Kanarievej 1",
    "capability_notes": "Kan synge.",
}


def shapes() -> Iterator[str]:
    """The numbers in turn, with a dash and without."""
    while True:
        for number, serial in enumerate(SERIALS):
            yield f"{BORN}-{serial}" if number % 2 else f"{BORN}{serial}"


def wrong(number: str) -> list[Any]:
    """What the number becomes when it is mistyped: it is still somebody's."""
    return [f"{number}0", f"x{number}", f" {number[:6]} {number[-4:]}", [number], {"number": number}, f"3{number[1:]}",
            int(number.replace("-", "")), number * 4]  # fmt: skip


class Heard:
    """Every answer that was given, as text with its headers."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def __call__(self, answer: httpx.Response) -> httpx.Response:
        self.told.append(f"{answer.status_code} {dict(answer.headers)} {answer.text}")
        return answer

    def holds(self, *canaries: str) -> list[str]:
        return [told for told in self.told if spoken(told, *canaries)]


def spoken(content: str, *canaries: str) -> bool:
    """Whether a number stands in the text, with or without what people write between its parts."""
    plain = content.replace("-", "").replace(" ", "")
    return any(canary in plain for canary in canaries or CANARIES)


async def write_everywhere(world: World, family: FamilyOf, heard: Heard) -> None:
    number = shapes()
    adding, person = f"/v1/families/{family.id}/members", {"kind": "adult", "relation": "other"} | FIELDS
    made = []
    for field in ("", *FIELDS, "employment", "login", "address_protected"):
        more = {"employment": "retired", "login": world.login("stranger"), "address_protected": True}
        body = {k: v for k, v in person.items() if k != field} | ({field: more[field]} if field in more else {})
        body |= {"name": "Kanarie Prøvesen", "cpr_number": next(number)}
        answer = heard(await world.post("coordinator", adding, body, idempotency_key=f"canary-{field}"))
        assert answer.status_code == 201, answer.text
        made.append(f"/v1/members/{answer.json()['id']}")
        heard(await world.post("coordinator", adding, body, idempotency_key=f"canary-{field}"))
    for who in ("mother", "head", "visitor", "journal", "stranger"):
        heard(await world.post(who, adding, person | {"cpr_number": next(number)}))
    for path in made[:3]:
        for field, value in FIELDS.items():
            change = {"cpr_number": next(number), field: value}
            heard(await world.update("coordinator", "PATCH", path, change))
        heard(await world.update("head", "PATCH", path, {"cpr_number": next(number)}))
        heard(await world.call("coordinator", "PATCH", path, {"cpr_number": next(number)}))
    await mistype(world, heard, adding, made[0], person)


async def mistype(world: World, heard: Heard, adding: str, path: str, person: dict[str, Any]) -> None:
    """Numbers where they do not belong, and in shapes that are none: each refused, and none repeated."""
    for n in wrong(f"{BORN}-{SERIALS[0]}"):
        for answer in (
            await world.post("coordinator", adding, person | {"cpr_number": n}),
            await world.update("coordinator", "PATCH", path, {"cpr_number": n}),
            await world.post("second", "/v1/members/search", {"cpr_number": n}),
        ):
            assert heard(answer).status_code == 422, n
    number = f"{BORN}-{SERIALS[1]}"
    elsewhere = [
        "kind",
        "relation",
        "birth_date",
        "phone",
        "email",
        "employment",
        "named_by",
        "login",
        "address_protected",
    ]
    bodies = [person | {field: number} for field in elsewhere]
    bodies += [person | {number: "x"}, person | {"cpr": number}, person | {"login": {"issuer": "x", number: "y"}}]
    bodies += [person | {"cpr_number": number, "birth_date": "2016-04-13"}, [number], number]
    for body in bodies:
        assert heard(await world.post("coordinator", adding, body)).status_code == 422, body
    raw = f'{{"cpr_number": "{number}", "cpr_number": "{number}"'.encode()
    for kind in ("application/json", "text/plain"):
        sent = {**world.headers("coordinator"), "content-type": kind}
        assert heard(await world.client.post(adding, content=raw, headers=sent)).status_code in (400, 415)
    for place in (f"/v1/members/{number}", f"/v1/families/{number}/members", f"{path}?cpr_number={number}"):
        assert heard(await world.get("coordinator", place)).status_code == 422
    for who in ("coordinator", "psychologist", "mother", "journal"):
        heard(await world.post(who, "/v1/members/search", {"cpr_number": number}))


async def break_down(world: World, heard: Heard, app: FastAPI, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of ours, with the number in its hands."""

    def burst(*given: Any) -> bytes:
        raise RuntimeError(f"could not seal {given} {BORN}-{SERIALS[2]}")

    with monkeypatch.context() as patched:
        patched.setattr(Vault, "seal", burst)
        change = {"cpr_number": f"{BORN}-{SERIALS[2]}"}
        answer = heard(await world.update("coordinator", "PATCH", path, change))
    assert (answer.status_code, answer.json()["code"]) == (500, "internal-error")


async def read_everything(world: World, family: FamilyOf, case: str, heard: Heard) -> None:
    paths = [f"/v1/families/{family.id}{rest}" for rest in ("", "/members", "/custodies", "/relations")]
    paths += [f"/v1/cases/{case}{rest}" for rest in ("", "/overview", "/timeline", "/access-log", "/explanation")]
    paths += ["/v1/me", "/v1/me/family", "/v1/me/work", "/v1/cases", "/v1/families", "/v1/users", "/metrics"]
    for who in ("coordinator", "head", "psychologist", "mother", "father", "stranger", "auditor", "administrator"):
        for path in paths:
            heard(await world.get(who, path))


async def test_a_number_that_was_written_is_nowhere(
    world: World, app: FastAPI, owner: Database, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    family, heard = await world.family(), Heard()
    case = (await world.allocated(family))["id"]
    with capture_logs() as logs:
        await write_everywhere(world, family, heard)
        await break_down(world, heard, app, f"/v1/members/{family.members['mother']}", monkeypatch)
        await read_everything(world, family, case, heard)
    printed = capfd.readouterr()
    assert len(heard.told) > 200
    assert heard.holds() == []
    assert len(logs) > 200
    assert [line for line in logs if spoken(repr(line))] == []
    assert not spoken(printed.out + printed.err)
    assert await tables_that_hold(owner, world) == {}
    assert await rows_of(owner, world, "members", "cpr_cipher is not null") >= 5


async def tables_that_hold(owner: Database, world: World) -> dict[str, int]:
    """Every table of the database, every column as text, looked at by its owner."""
    held = {}
    async with owner.engine.connect() as connection:
        named = "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
        tables = list((await connection.execute(text(named))).scalars())
    assert {"members", "idempotency_keys", "users"} <= set(tables)
    pattern = "|".join(f"{BORN}[- ]?{serial}" for serial in SERIALS)
    for table in tables:
        here = await rows_of(owner, world, table, "row_to_json(t)::text ~ :pattern", pattern=pattern)
        if here:
            held[table] = here
    return held


async def rows_of(owner: Database, world: World, table: str, condition: str, **values: str) -> int:
    async with owner.transaction(world.municipality) as session:
        counted = text(f"select count(*) from {table} t where {condition}")
        return int((await session.execute(counted, values)).scalar_one())


async def test_the_search_of_the_tables_finds_what_is_there(world: World, owner: Database) -> None:
    """The net itself: a number in a note is found by it."""
    family = await world.family()
    path = f"/v1/members/{family.members['mother']}"
    await world.update("coordinator", "PATCH", path, {"capability_notes": f"Er {BORN}-{SERIALS[0]}."})
    assert await tables_that_hold(owner, world) == {"members": 1}
