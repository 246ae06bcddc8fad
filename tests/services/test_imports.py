"""Lists brought in as CSV: checked first, then carried out as a whole or not at all (R466)."""

import asyncio
import tracemalloc
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from rich.console import Console
from sqlalchemy import text
from typer.testing import CliRunner

from app import cli, upload
from app.auth import TRYOUT_ISSUER
from app.config import Settings
from app.db import Database
from app.schemas.imports import DepartmentRow
from app.services import imports
from app.services.imports import cases as importing_cases
from app.services.imports import lists
from app.services.imports import users as importing_users
from tests.worlds import World

pytestmark = pytest.mark.anyio
CSV = {"content-type": "text/csv"}
PARENTS = "parent1_name;parent1_relation;parent1_custody;parent2_name;parent2_relation;parent2_custody"
CIRCLE, NO_ADVISER = "circular-reference", "coordinator-not-child-disability"
CASES = "child_name;child_birth_date;owner_department;coordinator_subject;opened_on;reference_system;reference"


async def bring(world: World, kind: str, content: str | bytes, who: str = "administrator", **headers: str) -> Any:
    body = content.encode() if isinstance(content, str) else content
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    sent = {**world.headers(who), **CSV, **named}
    return await world.client.post(f"/v1/imports?kind={kind}", content=body, headers=sent)


async def checked(world: World, kind: str, content: str) -> dict[str, Any]:
    answer = await bring(world, kind, content)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    assert found["status"] == "checked", found["errors"]
    return found


async def wrong(world: World, kind: str, content: str | bytes) -> list[tuple[Any, Any, str]]:
    """What a refused list is refused for."""
    answer = await bring(world, kind, content)
    assert answer.status_code == 201, answer.text
    found = answer.json()
    assert (found["status"], found["error_count"]) == ("refused", len(found["errors"]))
    assert all(flaw["detail"] for flaw in found["errors"])
    return [(flaw["row"], flaw["column"], flaw["code"]) for flaw in found["errors"]]


async def run(world: World, id: str, who: str = "administrator") -> Any:
    return await world.post(who, f"/v1/imports/{id}/run")


async def carried_out(world: World, kind: str, content: str) -> dict[str, Any]:
    done = await run(world, (await checked(world, kind, content))["id"])
    assert done.status_code == 200, done.text
    found: dict[str, Any] = done.json()
    assert (found["status"], found["done_rows"]) == ("done", found["rows"])
    return found


async def departments(world: World) -> dict[str, Any]:
    items = (await world.get("administrator", "/v1/departments?limit=200")).json()["items"]
    return {one["name"]: one for one in items}


async def counted(owner: Database, world: World) -> dict[str, int]:
    """How many rows each table that a list could write has."""
    tables = ("departments", "users", "positions", "families", "members", "custodies", "cases", "steps", "assignments")
    async with owner.transaction(world.municipality) as session:
        here = {"here": world.municipality}
        return {
            table: (
                await session.execute(text(f"select count(*) from {table} where municipality_id = :here"), here)
            ).scalar_one()
            for table in tables
        }


async def kept(owner: Database, world: World) -> list[Any]:
    async with owner.transaction(world.municipality) as session:
        own = text("select content from imports where municipality_id = :here")
        return list((await session.execute(own, {"here": world.municipality})).scalars())


# --- the dry run, and what becomes of it


async def test_bringing_a_list_in_is_a_dry_run(world: World, owner: Database) -> None:
    """Nothing but the import itself is written, and what stood in the list is shown to nobody."""
    before = await counted(owner, world)
    answer = await bring(
        world, "departments", "name,kind,sector,parent\nHuset,other,social,\nTaget,other,social,Huset\n"
    )
    found = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/v1/imports/{found['id']}"
    assert {k: found[k] for k in ("kind", "status", "rows", "done_rows", "creates", "changes", "unchanged")} == {
        "kind": "departments", "status": "checked", "rows": 2, "done_rows": 0, "creates": 2, "changes": 0,
        "unchanged": 0,
    }  # fmt: skip
    assert await counted(owner, world) == before
    for path in (f"/v1/imports/{found['id']}", "/v1/imports"):
        assert "Taget" not in (await world.get("administrator", path)).text
    assert (await world.get("administrator", f"/v1/imports/{found['id']}")).json() == found


async def test_content_is_kept_only_until_it_is_used(world: World, owner: Database) -> None:
    line = "name,kind,sector\n{},other,social\n"
    await bring(world, "departments", "name,kind,sector\n,other,social\n")
    assert await kept(owner, world) == [None]
    first, second = [await checked(world, "departments", line.format(name)) for name in ("Huset", "Taget")]
    assert len([one for one in await kept(owner, world) if one is not None]) == 2
    await run(world, first["id"])
    thrown = await world.post("administrator", f"/v1/imports/{second['id']}/discard")
    assert (thrown.status_code, thrown.json()["status"]) == (200, "discarded")
    assert await kept(owner, world) == [None, None, None]
    for id in (first["id"], second["id"]):
        for verb in ("run", "discard"):
            again = await world.post("administrator", f"/v1/imports/{id}/{verb}")
            assert (again.status_code, again.json()["code"]) == (409, "import-finished")
    assert set(await departments(world)) & {"Huset", "Taget"} == {"Huset"}


async def test_a_list_that_nobody_uses_is_thrown_away(world: World, owner: Database) -> None:
    found = await checked(world, "departments", "name,kind,sector\nHuset,other,social\n")
    now = datetime.now(UTC)
    async with owner.transaction(world.municipality) as session:
        assert await imports.forget(session, world.municipality, now + timedelta(days=6)) == 0
        assert await imports.forget(session, world.municipality, now + timedelta(days=8)) == 1
    assert await kept(owner, world) == [None]
    assert (await world.get("administrator", f"/v1/imports/{found['id']}")).json()["status"] == "discarded"


async def test_only_administrators_import_and_see_imports(world: World, neighbour: World) -> None:
    line = "name,kind,sector\nHuset,other,social\n"
    found = await checked(world, "departments", line)
    for who in ("head", "coordinator", "auditor", "mother"):
        assert (await bring(world, "departments", line, who)).status_code == 403, who
        assert (await world.get(who, "/v1/imports")).json()["items"] == []
        assert (await world.get(who, f"/v1/imports/{found['id']}")).status_code == 404
        assert (await run(world, found["id"], who)).status_code == 404
    assert (await bring(world, "departments", line, "journal", idempotency_key="k")).status_code == 403
    assert (await run(neighbour, found["id"])).status_code == 404
    listed = await world.get("administrator", "/v1/imports?kind=departments&status=checked")
    assert [one["id"] for one in listed.json()["items"]] == [found["id"]]
    assert (await world.get("administrator", "/v1/imports?kind=users")).json()["items"] == []


async def test_imports_are_logged_and_heard_of(world: World, owner: Database) -> None:
    await carried_out(world, "departments", "name,kind,sector\nHuset,other,social\n")
    async with owner.transaction(world.municipality) as session:
        here = {"here": world.municipality}
        told = "select type from events where municipality_id = :here order by id"
        logged = "select action from access_log where municipality_id = :here and resource = 'import' order by id"
        assert list((await session.execute(text(told), here)).scalars()) == ["import.created", "import.completed"]
        assert "carry_out" in list((await session.execute(text(logged), here)).scalars())


async def test_a_report_is_in_the_readers_language(world: World) -> None:
    answers = [
        (await bring(world, "departments", "name,kind\n", accept_language=language)).json()["errors"][0]["detail"]
        for language in ("da", "en")
    ]
    assert answers == ["Kolonnen mangler", "The column is missing"]


# --- the file


@pytest.mark.parametrize(
    ("content", "flaw"),
    [
        ("name,kind,sector\nKøb,other,social\n".encode("latin-1"), (2, None, "not-utf-8")),
        ("name,kind,sector\nHus,other,social\nKøb,other,social\n".encode("latin-1"), (3, None, "not-utf-8")),
        ("name,kind,sector\nHus,other,social\n".encode("utf-16"), (1, None, "not-utf-8")),
        ("name,kind,sector\nHus,other,social\n".encode("utf-16-le"), (1, None, "nul-byte")),
        (b"name,kind,sector\nHus\0,other,social\n", (2, None, "nul-byte")),
        (b"\n\n", (1, None, "no-header")),
        (b"Anders Andersen,other,social\n", (1, None, "no-header")),
        (b"name,kind,sector\n", (None, None, "no-rows")),
        (b"sep=|\nname|kind|sector\nHus|other|social\n", (None, None, "separator")),
        (b'name,kind,sector\n"Hus,other,social\n', (2, None, "unreadable-csv")),
        (b'name,kind,sector\nHus,other,social\n"Ta"g,other,social\n', (3, None, "unreadable-csv")),
        (b"name,kind,sector\nHus,other\n", (2, None, "ragged-row")),
        (b"name,kind,sector\nHus,other,social,mere\n", (2, None, "ragged-row")),
        (b"name,kind\nHus,other\n", (1, "sector", "missing-column")),
        (b"name,kind,sector,colour\nHus,other,social,red\n", (1, "colour", "unknown-column")),
        (b"name,kind,sector,Hans Hansen\nHus,other,social,red\n", (1, None, "unknown-column")),
        (b"name,kind,sector,name\nHus,other,social,Hus\n", (1, "name", "duplicate-column")),
    ],
)
async def test_a_file_that_cannot_be_read_is_refused_by_row(content: bytes, flaw: Any, world: World) -> None:
    assert flaw in await wrong(world, "departments", content)


@pytest.mark.parametrize(
    "content",
    [
        "name;kind;sector\nHuset;other;social\n",
        "\ufeffname,kind,sector\r\nHuset,other,social\r\n",
        "sep=;\r\nname;kind;sector\r\nHuset;other;social\r\n",
        '"Name"; Kind ;SECTOR\n" Huset ";other;social\n;;\n\n',
        "sector,name,kind\nsocial,Huset,other",
    ],
)
async def test_a_file_as_spreadsheets_write_them_is_taken(content: str, world: World) -> None:
    await carried_out(world, "departments", content)
    assert "Huset" in await departments(world)


TRAPS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "  =1", "+45 70 00 00 01", "＝1+1", "＠SUM(A1)")


async def test_a_cell_that_could_be_a_formula_is_refused(world: World) -> None:
    for trap in TRAPS:
        assert await wrong(world, "departments", f"name,kind,sector\nHus,other,social\n{trap},other,social\n") == [
            (3, "name", "formula")
        ], trap


async def test_a_formula_behind_blank_or_hidden_characters_is_refused(world: World) -> None:
    """Whoever reads the list later may cut those off."""
    for blank in "\u00a0\u1680\u2003\u2028\u3000\u200b\u200c\u200d\u2060\ufeff\u00ad\u0301\x1f":
        for trap in (f"{blank}=1+1", f" {blank} {blank}@SUM(A1)"):
            assert await wrong(world, "departments", f"name,kind,sector\n{trap},other,social\n") == [
                (2, "name", "formula")
            ], hex(ord(blank))


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Hu\u202es", "control-character"),
        ("Hu\u200bs", "control-character"),
        ("Hu\u00ads", "control-character"),
        ("Hus\ufeff", "control-character"),
        ('"Hu\ns"', "control-character"),
        ("x" * 201, "too-long"),
        (" ", "required"),
    ],
)
async def test_a_cell_that_is_no_plain_line_is_refused(name: str, code: str, world: World) -> None:
    assert await wrong(world, "departments", f"name,kind,sector\n{name},other,social\n") == [(2, "name", code)]


async def test_a_flaw_never_holds_what_stood_there(world: World) -> None:
    answer = await bring(world, "departments", "name,kind,sector,Ulla Prøvesen\n=Hemmelig,Hemmelig,Hemmelig,x\n")
    assert "emmelig" not in answer.text
    assert "Prøvesen" not in answer.text


async def test_there_is_an_end_to_rows_and_to_bytes(world: World, settings: Settings) -> None:
    line = "Hus {},other,social"
    many = "name,kind,sector\n" + "\n".join(line.format(number) for number in range(20_001))
    assert await wrong(world, "departments", many) == [(None, None, "too-many-rows")]
    assert await bring_status(world, b"x" * (settings.max_import_bytes + 1)) == (413, "body-too-large")
    assert len(many) > 100_000  # far beyond what stands in a report


@pytest.mark.parametrize(
    ("content", "flaw"),
    [
        ("name,kind,sector" + ",qq" * 5_000_000, (1, None, "too-long")),
        ("name,kind,sector" + ",qq" * 20_000, (1, "qq", "unknown-column")),
        ("name,kind,sector" + ",name" * 10_000, (1, "name", "duplicate-column")),
        ("name,kind,sector" + ',"q\n"' * 2_000_000, (1, None, "unreadable-csv")),
        ("name,kind,sector\n" + "=," * 5_000_000, (2, None, "too-long")),
        ('name,kind,sector\n"' + "x\n" * 5_000_000, (2, None, "unreadable-csv")),
        ("name,kind,sector\n" + "\n" * 15_000_000, (None, None, "too-many-rows")),
        ("name,kind,sector\n" + "\r" * 15_000_000, (None, None, "too-many-rows")),
        ("name,kind,sector\n" + ",,\n" * 5_000_000, (None, None, "too-many-rows")),
    ],
    ids=["cells", "columns", "twice", "lines", "row", "quote", "newlines", "returns", "empty"],
)
def test_a_list_made_to_exhaust_the_server_is_refused_where_that_is_seen(content: str, flaw: Any) -> None:
    """One flaw, and next to no memory beside the text itself: a header of millions of columns took gigabytes."""
    tracemalloc.start()
    try:
        with pytest.raises(lists.Unreadable) as refused:
            lists.listed(content, DepartmentRow)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [(one.row, one.column, one.code) for one in refused.value.flaws] == [flaw]
    assert peak < 10_000_000


async def test_flaws_beyond_the_hundredth_are_counted_and_not_kept(world: World) -> None:
    found = lists.listed("name,kind,sector\n" + "=1,=2,=3\n" * 20_000, DepartmentRow)
    assert (len(found.flaws), found.more) == (100, 59_900)
    report = (await bring(world, "departments", "name,kind,sector\n" + "=1,=2,=3\n" * 20_000)).json()
    assert (report["error_count"], len(report["errors"]), report["rows"]) == (60_000, 100, 20_000)


async def bring_status(world: World, content: bytes, **headers: str) -> tuple[int, str]:
    answer = await bring(world, "departments", content, **headers)
    return answer.status_code, answer.json()["code"]


async def test_a_list_is_csv_and_other_bodies_are_not(world: World) -> None:
    for kind in ("application/json", "text/plain", "application/vnd.ms-excel", "text/csvx"):
        assert await bring_status(world, b"{}", content_type=kind) == (415, "unsupported-media-type")
    answer = await bring(
        world, "departments", b"name,kind,sector\nHus,other,social\n", content_type="text/csv; charset=utf-8"
    )
    assert answer.status_code == 201
    sent = {**world.headers("administrator"), **CSV}
    for path in ("/v1/departments", f"/v1/imports/{answer.json()['id']}/run"):
        assert (await world.client.post(path, content=b"a,b\n", headers=sent)).status_code == 415
    for query, pointer in (("", "?kind"), ("?kind=children", "?kind"), ("?kind=users&x=1", "?x")):
        refused = await world.client.post(f"/v1/imports{query}", content=b"a,b\n", headers=sent)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)
    empty = await world.client.post("/v1/imports?kind=users", content=b"", headers=sent)
    assert empty.status_code in (201, 422)


async def test_a_report_names_the_first_hundred_and_counts_them_all(world: World) -> None:
    answer = await bring(world, "departments", "name,kind,sector\n" + "Hus,none,social\n" * 150)
    assert (answer.json()["error_count"], len(answer.json()["errors"])) == (150, 100)


async def test_the_same_key_brings_a_list_in_once(world: World) -> None:
    line = "name,kind,sector\nHuset,other,social\n"
    first, again = [await bring(world, "departments", line, idempotency_key="once") for _ in range(2)]
    assert first.json()["id"] == again.json()["id"]
    other = await bring(world, "departments", line + "Taget,other,social\n", idempotency_key="once")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")


# --- departments


async def test_departments_lie_under_parents_that_may_come_later(world: World) -> None:
    done = await carried_out(
        world, "departments",
        "name,kind,sector,parent\nTeam,other,social,Center\nCenter,other,social,Forvaltning\nForvaltning,other,social,\n"
        "ppr,school_psychology,education,Forvaltning\njob,employment,employment,\n",
    )  # fmt: skip
    assert (done["creates"], done["changes"], done["unchanged"]) == (3, 1, 1)
    found = await departments(world)
    assert found["Team"]["parent_id"] == found["Center"]["id"]
    assert found["Center"]["parent_id"] == found["ppr"]["parent_id"] == found["Forvaltning"]["id"]
    again = await checked(
        world, "departments", "name,kind,sector\nTeam,other,health\nppr,school_psychology,education\n"
    )
    assert (again["creates"], again["changes"], again["unchanged"]) == (0, 1, 1)
    await run(world, again["id"])
    moved = (await departments(world))["Team"]
    assert (moved["sector"], moved["parent_id"]) == ("health", found["Center"]["id"])  # no column: the parent stays


@pytest.mark.parametrize(
    ("rows", "flaws"),
    [
        ("A,other,social,B\nB,other,social,A\n", [(2, "parent", CIRCLE), (3, "parent", CIRCLE)]),
        ("A,other,social,A\n", [(2, "parent", CIRCLE)]),
        ("A,other,social,Intet\n", [(2, "parent", "unknown-reference")]),
        ("A,other,social,\nA,other,social,\n", [(3, "name", "duplicate")]),
        ("ppr,other,education,\n", [(2, "kind", "kind-fixed")]),
        ("A,hus,social,\nB,other,by,\n", [(2, "kind", "invalid-value"), (3, "sector", "invalid-value")]),
    ],
)  # fmt: skip
async def test_departments_that_do_not_fit_are_refused(rows: str, flaws: Any, world: World) -> None:
    assert await wrong(world, "departments", f"name,kind,sector,parent\n{rows}") == flaws


async def test_a_list_cannot_put_a_department_under_itself(world: World) -> None:
    await carried_out(world, "departments", "name,kind,sector,parent\nTop,other,social,\nNed,other,social,Top\n")
    flaws = await wrong(world, "departments", "name,kind,sector,parent\nTop,other,social,Ned\n")
    assert flaws == [(2, "parent", "circular-reference")]


# --- users


COLUMNS = ("issuer", "subject", "name", "title", "profession", "email", "phone", "contact_hours")
COLUMNS += ("department", "role", "paragraph_sets")


def person(subject: str, name: str, **more: str) -> str:
    row = {"issuer": TRYOUT_ISSUER, "subject": subject, "name": name, **more}
    return ";".join(row.get(column, "") for column in COLUMNS)


def people(*rows: str) -> str:
    return "\n".join([";".join(COLUMNS), *rows])


async def account(world: World, name: str) -> dict[str, Any]:
    items = (await world.get("administrator", "/v1/users?limit=200")).json()["items"]
    (found,) = [one for one in items if one["name"] == name]
    return found  # type: ignore[no-any-return]


async def test_professionals_come_with_their_positions(world: World) -> None:
    """Several rows of the same sign-in are several positions; a phone number may begin with a plus."""
    await world.update(
        "administrator", "PATCH", "/v1/municipality", {"settings": {"team": {"paragraph_sets": ["§ 32", "§ 41"]}}}
    )
    nora = {"title": "Rådgiver", "profession": "social_adviser", "email": "nora@provekommune.invalid"}
    nora |= {"phone": "+45 70 00 00 21", "contact_hours": "Hverdage 9–14", "paragraph_sets": "§ 32|§ 41"}
    first = person("nora", "Nora Prøvesen", **nora, department="handicap")
    second = person("nora", "Nora Prøvesen", **nora, department="ppr", role="team_leader")
    done = await carried_out(world, "users", people(first, second, person("ole", "Ole Prøvesen")))
    assert (done["rows"], done["creates"], done["changes"], done["unchanged"]) == (3, 2, 0, 0)
    found = await account(world, "Nora Prøvesen")
    assert {(one["department_name"], one["role"]) for one in found["positions"]} == {
        ("handicap", "member"), ("ppr", "team_leader"),
    }  # fmt: skip
    assert (found["phone"], found["paragraph_sets"]) == ("+45 70 00 00 21", ["§ 32", "§ 41"])
    assert (await account(world, "Ole Prøvesen"))["positions"] == []
    again = await carried_out(world, "users", people(second))
    assert (again["creates"], again["changes"], again["unchanged"]) == (0, 1, 0)
    assert [one["department_name"] for one in (await account(world, "Nora Prøvesen"))["positions"]] == ["ppr"]
    narrow = "issuer;subject;name\n" + f"{TRYOUT_ISSUER};nora;Nora Prøvesen\n"
    assert (await checked(world, "users", narrow))["unchanged"] == 1  # columns that are not there change nothing


async def test_users_that_do_not_fit_are_refused(world: World) -> None:
    mother, visitor = world.subject("mother"), world.subject("visitor")
    user = f"/v1/users/{world.ids['visitor']}"
    await world.update("administrator", "PATCH", user, {"active": False})
    refused = (
        (person(mother, "Mor Prøvesen"), "subject", "not-a-professional"),
        (person(visitor, "Vera Prøvesen"), "subject", "inactive"),
        (person("a", "A Prøvesen", department="Månen"), "department", "unknown-reference"),
        (person("b", "B Prøvesen", role="team_leader"), "department", "required"),
        (person("c", "C Prøvesen", paragraph_sets="§ 99"), "paragraph_sets", "unknown-reference"),
        (person("d", "D Prøvesen", profession="kok"), "profession", "invalid-value"),
        (person("e", "E Prøvesen", email="ikke en adresse"), "email", "invalid-value"),
        (person("f", "F Prøvesen", phone="+45 =1"), "phone", "formula"),
        (person("", "G Prøvesen"), "subject", "required"),
    )
    for row, column, code in refused:
        assert await wrong(world, "users", people(row)) == [(2, column, code)], row
    twice = [person("h", name, department="ppr") for name in ("H Prøvesen", "Hans Prøvesen")]
    assert await wrong(world, "users", people(*twice)) == [(3, "name", "conflicting"), (3, "department", "duplicate")]
    assert await wrong(world, "users", people(*[person("i", "I Prøvesen")] * 2)) == [(3, "subject", "duplicate")]


async def test_nobody_gives_herself_a_part_by_a_list(world: World) -> None:
    me = f"{world.subject('administrator')};Asta Adminsen"
    own = "issuer;subject;name;department;role\n" + f"{TRYOUT_ISSUER};{me};"
    assert await wrong(world, "users", own + "handicap;professional_head\n") == [(2, "subject", "own-account")]
    assert (await checked(world, "users", own + "Administration;administrator\n"))["unchanged"] == 1
    profession = "issuer;subject;name;profession\n" + f"{TRYOUT_ISSUER};{me};social_adviser\n"
    assert await wrong(world, "users", profession) == [(2, "subject", "own-account")]
    name = "issuer;subject;name;title\n" + f"{TRYOUT_ISSUER};{me};Chef\n"
    assert (await checked(world, "users", name))["changes"] == 1


async def test_a_family_that_loses_its_contact_by_a_list_is_told(world: World) -> None:
    case = await world.allocated()
    row = f"{world.subject('coordinator')};coordinator Prøvesen;job;member"
    await carried_out(world, "users", f"issuer;subject;name;department;role\n{TRYOUT_ISSUER};{row}\n")
    timeline = (await world.get("head", f"/v1/cases/{case['id']}/timeline")).json()["items"]
    assert timeline[0]["type"] == "case.contact_unavailable"
    assert (await world.get("coordinator", f"/v1/cases/{case['id']}")).status_code == 404


# --- cases


def child(world: World, reference: str, *, coordinator: str = "coordinator", more: str = "", **changes: str) -> str:
    row = {
        "name": "Ida Prøvesen", "born": "2015-03-01", "owner": "handicap", "subject": world.subject(coordinator),
        "opened": "2025-09-01", "system": "gammel", "reference": reference, **changes,
    }  # fmt: skip
    return ";".join(row.values()) + more


async def test_an_open_case_comes_whole(world: World, owner: Database) -> None:
    """Family, members, custody, case in start-up with its coordinator, steps, and a timeline of its own."""
    more = ";model;kle_code;" + PARENTS
    row = child(world, "G-1", more=";sof;27.24.08;Mette Prøvesen;mother;yes;Poul Prøvesen;;nej")
    done = await carried_out(world, "cases", f"{CASES}{more}\n{row}\n")
    assert (done["creates"], done["unchanged"]) == (1, 0)
    (case,) = (await world.get("coordinator", "/v1/cases")).json()["items"]
    assert (case["state"], case["model"], case["kle_code"], case["coordinator_role"]) == (
        "start_up", "sof", "27.24.08", "primary_adviser",
    )  # fmt: skip
    assert case["external_references"] == [{"system": "gammel", "reference": "G-1"}]
    assert case["opened_at"] == "2025-08-31T22:00:00Z"
    family = f"/v1/families/{case['family_id']}"
    members = {one["name"]: one for one in (await world.get("coordinator", f"{family}/members")).json()["items"]}
    assert {name: (one["kind"], one["relation"]) for name, one in members.items()} == {
        "Ida Prøvesen": ("child", "child"), "Mette Prøvesen": ("adult", "mother"), "Poul Prøvesen": ("adult", "parent"),
    }  # fmt: skip
    (custody,) = (await world.get("coordinator", f"{family}/custodies")).json()["items"]
    assert custody["holder_id"] == members["Mette Prøvesen"]["id"]
    timeline = (await world.get("coordinator", f"/v1/cases/{case['id']}/timeline")).json()["items"]
    assert [one["type"] for one in timeline] == ["case.allocated", "case.created"]
    steps = (await world.get("coordinator", f"/v1/cases/{case['id']}/steps")).json()["items"]
    assert len(steps) == 8
    meeting = {"kind": "status", "planned_for": "2026-01-05T10:00:00Z"}
    await world._made("coordinator", f"/v1/cases/{case['id']}/meetings", meeting)
    async with owner.transaction(world.municipality) as session:
        numbers = text("select sequence from events where municipality_id = :here and case_id = :case order by id")
        found = (await session.execute(numbers, {"here": world.municipality, "case": case["id"]})).scalars()
        assert list(found) == [1, 2, 3]


async def test_a_case_that_is_known_by_its_reference_stays_as_it_is(world: World) -> None:
    """The others begin with the municipality's own model and subject number, and the coordinator holds her steps."""
    await carried_out(world, "cases", f"{CASES}\n{child(world, 'G-1')}\n")
    (case,) = (await world.get("coordinator", "/v1/cases")).json()["items"]
    assert (case["model"], case["kle_code"], case["coordinator_role"]) == ("efei", "27.24.00", "coordinator")
    steps = (await world.get("coordinator", f"/v1/cases/{case['id']}/steps")).json()["items"]
    assert str(world.ids["coordinator"]) in {step["holder_id"] for step in steps}
    again = await checked(world, "cases", f"{CASES}\n{child(world, 'G-1')}\n{child(world, 'G-2')}\n")
    assert (again["creates"], again["unchanged"]) == (1, 1)


async def test_who_imports_cases_gets_no_access_by_it(world: World) -> None:
    """Not by having opened them, not by having registered the family, and not as their coordinator."""
    await world.update(
        "administrator", "PATCH", f"/v1/users/{world.ids['second']}",
        {"positions": [
            {"department_id": str(world.departments["handicap"]), "role": role} for role in ("administrator", "member")
        ]},
    )  # fmt: skip
    own = await bring(world, "cases", f"{CASES}\n{child(world, 'G-1', coordinator='second')}\n", "second")
    flaw = own.json()["errors"][0]
    assert (flaw["row"], flaw["column"], flaw["code"]) == (2, "coordinator_subject", "own-account")
    found = (await bring(world, "cases", f"{CASES}\n{child(world, 'G-1')}\n", "second")).json()
    assert (await run(world, found["id"], "second")).status_code == 200
    (case,) = (await world.get("coordinator", "/v1/cases")).json()["items"]
    for who in ("second", "administrator"):
        for path in (f"/v1/cases/{case['id']}", f"/v1/families/{case['family_id']}", f"/v1/members/{case['child_id']}"):
            assert (await world.get(who, path)).status_code == 404, (who, path)
        assert (await world.get(who, "/v1/cases")).json()["items"] == []
        assert (await world.get(who, "/v1/families")).json()["items"] == []


async def test_cases_that_do_not_fit_are_refused(world: World) -> None:
    await world.update(
        "administrator", "PATCH", "/v1/municipality",
        {"settings": {"case": {"kle_codes": ["27.24.00"], "default_kle_code": "27.24.00"}}},
    )  # fmt: skip
    more = ";model;kle_code;coordinator_issuer;" + PARENTS
    tomorrow = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
    end = ";" * 9
    refused: tuple[tuple[str, str, str], ...] = (
        (child(world, "1", more=end, born=tomorrow), "child_birth_date", "future"),
        (child(world, "1", more=end, opened=tomorrow), "opened_on", "future"),
        (child(world, "1", more=end, opened="01-09-2025"), "opened_on", "invalid-value"),
        (child(world, "1", more=end, opened="86400"), "opened_on", "invalid-value"),
        (child(world, "1", more=end, born="0"), "child_birth_date", "invalid-value"),
        (child(world, "1", more=end, owner="ppr"), "owner_department", "unknown-reference"),
        (child(world, "1", more=end, owner="Månen"), "owner_department", "unknown-reference"),
        (child(world, "1", more=end, coordinator="psychologist"), "coordinator_subject", NO_ADVISER),
        (child(world, "1", more=end, subject="ingen"), "coordinator_subject", NO_ADVISER),
        (child(world, "1", more=f";;;https://andet.invalid{';' * 6}"), "coordinator_subject", NO_ADVISER),
        (child(world, "1", more=f";;27.24.08;{';' * 6}"), "kle_code", "kle-code-not-used"),
        (child(world, "1", more=f";icdp;;{';' * 6}"), "model", "invalid-value"),
        (child(world, "1", more=";;;;;mother;yes;;;"), "parent1_name", "required"),
        (child(world, "1", more=";;;;Mor Prøvesen;mother;måske;;;"), "parent1_custody", "invalid-value"),
        (child(world, "1", more=";;;;Mor Prøvesen;sibling;yes;;;"), "parent1_relation", "invalid-value"),
    )  # fmt: skip
    for row, column, code in refused:
        assert await wrong(world, "cases", f"{CASES}{more}\n{row}\n") == [(2, column, code)], row
    twice = f"{CASES}\n{child(world, '1')}\n{child(world, '1')}\n"
    assert await wrong(world, "cases", twice) == [(3, "reference", "duplicate")]


async def test_a_case_is_not_given_to_an_account_that_is_closed_meanwhile(world: World, owner: Database) -> None:
    found = await checked(world, "cases", f"{CASES}\n{child(world, 'G-1')}\n")
    async with owner.transaction(world.municipality) as session:
        closed = text("update users set active = false where municipality_id = :here and id = :user")
        await session.execute(closed, {"here": world.municipality, "user": world.ids["coordinator"]})
        running = asyncio.create_task(run(world, found["id"]))
        assert not (await asyncio.wait([running], timeout=0.3))[0]  # it waits to see what becomes of the account
    refused = await running
    assert (refused.status_code, refused.json()["code"]) == (409, "import-changed")
    assert [one["code"] for one in refused.json()["errors"]] == [NO_ADVISER]
    assert (await counted(owner, world))["cases"] == 0


async def test_a_family_whose_case_is_imported_while_its_contact_leaves_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who closes the account waits for the import, and sees the cases that it gave."""
    found = await checked(world, "cases", f"{CASES}\n{child(world, 'G-1')}\n")
    reached, go_on, genuine = asyncio.Event(), asyncio.Event(), importing_cases.begin

    async def waiting(*given: Any) -> Any:
        reached.set()
        await go_on.wait()
        return await genuine(*given)

    monkeypatch.setattr(importing_cases, "begin", waiting)
    running = asyncio.create_task(run(world, found["id"]))
    await asyncio.wait_for(reached.wait(), 30)
    account = f"/v1/users/{world.ids['coordinator']}"
    closing = asyncio.create_task(world.update("administrator", "PATCH", account, {"active": False}))
    assert not (await asyncio.wait([closing], timeout=0.3))[0]
    go_on.set()
    assert ((await running).status_code, (await closing).status_code) == (200, 200)
    (case,) = (await world.get("head", "/v1/cases")).json()["items"]
    timeline = (await world.get("head", f"/v1/cases/{case['id']}/timeline")).json()["items"]
    assert [one["type"] for one in timeline] == ["case.contact_unavailable", "case.allocated", "case.created"]


# --- carrying out


async def test_a_list_that_can_no_longer_be_read_is_refused_when_it_is_carried_out(
    world: World, owner: Database
) -> None:
    """A list that an earlier version took is not done on by one that would not take it."""
    found = await checked(world, "departments", "name,kind,sector\nHuset,other,social\n")
    async with owner.transaction(world.municipality) as session:
        older = text("update imports set content = :content where municipality_id = :here")
        await session.execute(older, {"content": "name,kind\nHuset,other\n", "here": world.municipality})
    refused = await run(world, found["id"])
    assert (refused.status_code, refused.json()["code"]) == (409, "import-changed")
    assert [(one["pointer"], one["code"]) for one in refused.json()["errors"]] == [("/1/sector", "missing-column")]


async def test_what_changed_since_the_check_is_seen_again(world: World, owner: Database) -> None:
    found = await checked(world, "users", people(person("nora", "Nora Prøvesen", department="ppr")))
    ppr = f"/v1/departments/{world.departments['ppr']}"
    assert (await world.update("administrator", "PATCH", ppr, {"name": "PPR"})).status_code == 200
    before = await counted(owner, world)
    refused = await run(world, found["id"])
    assert (refused.status_code, refused.json()["code"]) == (409, "import-changed")
    flaw = refused.json()["errors"][0]
    assert (flaw["pointer"], flaw["code"]) == ("/2/department", "unknown-reference")
    assert flaw["detail"] == "Det findes ikke her"
    assert await counted(owner, world) == before
    assert (await world.get("administrator", f"/v1/imports/{found['id']}")).json()["status"] == "checked"
    await world.update("administrator", "PATCH", ppr, {"name": "ppr"})
    assert (await run(world, found["id"])).status_code == 200


async def test_a_list_is_carried_out_once_however_often_it_is_asked(world: World) -> None:
    found = await checked(world, "departments", "name,kind,sector\nHuset,other,social\n")
    answers = await asyncio.gather(*(run(world, found["id"]) for _ in range(4)))
    assert sorted(one.status_code for one in answers) == [200, 409, 409, 409]
    assert {one.json()["code"] for one in answers if one.status_code == 409} <= {"import-running", "import-finished"}


async def test_one_import_runs_at_a_time_and_others_see_how_far_it_is(
    world: World, neighbour: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Progress is there to read before the import is committed; nothing else is."""
    rows = "".join(f"{TRYOUT_ISSUER};p{number};P{number} Prøvesen\n" for number in range(1200))
    found = await checked(world, "users", "issuer;subject;name\n" + rows)
    other = await checked(world, "departments", "name,kind,sector\nHuset,other,social\n")
    theirs = await checked(neighbour, "departments", "name,kind,sector\nHuset,other,social\n")
    reached, go_on, genuine = asyncio.Event(), asyncio.Event(), importing_users.somebody_administers

    async def waiting(*given: Any) -> None:
        reached.set()
        await go_on.wait()
        await genuine(*given)

    monkeypatch.setattr(importing_users, "somebody_administers", waiting)
    running = asyncio.create_task(run(world, found["id"]))
    await asyncio.wait_for(reached.wait(), 30)
    seen = (await world.get("administrator", f"/v1/imports/{found['id']}")).json()
    assert (seen["status"], seen["done_rows"], seen["rows"]) == ("checked", 1200, 1200)
    assert len((await world.get("administrator", "/v1/users?limit=200")).json()["items"]) < 100
    for verb, id in (("run", other["id"]), ("run", found["id"]), ("discard", found["id"])):
        refused = await world.post("administrator", f"/v1/imports/{id}/{verb}")
        assert (refused.status_code, refused.json()["code"]) == (409, "import-running")
    assert (await run(neighbour, theirs["id"])).status_code == 200
    go_on.set()
    assert (await running).json()["done_rows"] == 1200
    assert (await run(world, other["id"])).status_code == 200


async def test_an_import_that_fails_leaves_nothing(
    world: World, owner: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All or nothing, and it does not look as if anything had been done."""
    rows = "".join(f"{TRYOUT_ISSUER};p{number};P{number} Prøvesen\n" for number in range(600))
    found = await checked(world, "users", "issuer;subject;name\n" + rows)
    before = await counted(owner, world)

    async def failing(*_: Any) -> None:
        raise TimeoutError

    monkeypatch.setattr(importing_users, "somebody_administers", failing)
    assert (await run(world, found["id"])).status_code == 503
    assert await counted(owner, world) == before
    seen = (await world.get("administrator", f"/v1/imports/{found['id']}")).json()
    assert (seen["status"], seen["done_rows"]) == ("checked", 0)
    monkeypatch.undo()
    assert (await run(world, found["id"])).status_code == 200


async def test_progress_never_waits_for_a_connection(urls: Any, world: World) -> None:
    """With every connection taken nothing is done, at once; else an import could wait for itself for ever."""
    narrow, done = Database(urls.app, 1), list[str]()

    async def work(_session: Any) -> None:
        done.append("work")

    try:
        async with narrow.transaction(world.municipality):
            await asyncio.wait_for(narrow.aside(world.municipality, work), 1)
        assert done == []
        await narrow.aside(world.municipality, work)
        assert done == ["work"]
    finally:
        await narrow.close()


async def test_another_municipalitys_names_are_unknown(world: World, neighbour: World) -> None:
    await carried_out(neighbour, "departments", "name,kind,sector\nNaboens hus,child_disability,social\n")
    row = child(world, "1", owner="Naboens hus", subject=neighbour.subject("coordinator"))
    assert await wrong(world, "cases", f"{CASES}\n{row}\n") == [
        (2, "owner_department", "unknown-reference"),
        (2, "coordinator_subject", NO_ADVISER),
    ]
    refused = await wrong(world, "users", people(person("nora", "Nora Prøvesen", department="Naboens hus")))
    assert refused == [(2, "department", "unknown-reference")]
    absent = await world.get("administrator", f"/v1/imports/{uuid4()}")
    assert isinstance(absent, httpx.Response)
    assert absent.status_code == 404


# --- from the command line


def client_as(world: World, who: str = "administrator") -> httpx.AsyncClient:
    headers = world.headers(who) | {"accept-language": "en"}
    return httpx.AsyncClient(transport=world.client._transport, base_url="http://test/v1", headers=headers)


async def uploaded(world: World, content: str, *, run: bool, who: str = "administrator") -> tuple[int, str]:
    """The exit code, and what was printed."""
    console = Console(record=True, width=120, file=StringIO())
    client = client_as(world, who)  # not closed: the app behind it is everybody's
    code = await upload.bring_in(client, "departments", content.encode(), run=run, console=console)
    return code, console.export_text()


async def test_a_list_is_checked_and_imported_from_the_command_line(
    world: World, owner: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload, "PAUSE", 0.001)
    line = "name,kind,sector\nHuset,other,social\n"
    code, told = await uploaded(world, line, run=False)
    assert (code, "1 creates" in told, "add --run" in told) == (0, True, True)
    assert await kept(owner, world) == [None]  # what was only looked at is not left behind
    assert "Huset" not in await departments(world)
    code, told = await uploaded(world, line, run=True)
    assert (code, "departments: done" in told, "1/1" in told) == (0, True, True)
    assert "Huset" in await departments(world)
    code, told = await uploaded(world, line + "=Hemmelig,other,social\n", run=True)
    assert (code, "read as a formula" in told, "emmelig" in told) == (1, True, False)
    code, told = await uploaded(world, line, run=True, who="head")
    assert (code, "You are not allowed to do this" in told) == (1, True)


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        ("https://indgang.provekommune.invalid/v1", True),
        ("http://127.0.0.1:8000/v1", True),
        ("http://localhost:8000/v1", True),
        ("http://indgang.provekommune.invalid/v1", False),
        ("http://127.0.0.1.provekommune.invalid/v1", False),
        ("ftp://127.0.0.1/v1", False),
        ("127.0.0.1:8000", False),
        ("", False),
    ],
)
def test_a_token_is_sent_over_tls_or_no_further_than_this_machine(address: str, safe: bool) -> None:
    assert upload.guarded(address) is safe


def test_the_command_needs_a_token_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "list.csv"
    file.write_text("name,kind,sector\n", "utf-8")
    monkeypatch.delenv("INDGANG_TOKEN", raising=False)
    asked = ["import", str(file), "--kind", "departments"]
    answer = CliRunner().invoke(cli.app, asked)
    assert (answer.exit_code, "INDGANG_TOKEN" in answer.output) == (1, True)
    monkeypatch.setenv("INDGANG_TOKEN", "x")
    far = CliRunner().invoke(cli.app, [*asked, "--address", "http://indgang.provekommune.invalid/v1"])
    assert (far.exit_code, "without TLS" in far.output) == (1, True)
    nobody = CliRunner().invoke(cli.app, [*asked, "--address", "http://127.0.0.1:9/v1"])
    assert (nobody.exit_code, "does not answer" in nobody.output) == (1, True)
