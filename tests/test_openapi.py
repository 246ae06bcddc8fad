"""P22: the contract is what is served, says everything that a client must know, and holds under thousands of calls."""

import json
import random
import re
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlsplit

import anyio.to_thread
import httpx
import hypothesis.errors
import jsonschema_rs
import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given, seed
from hypothesis import settings as examples
from pydantic import BaseModel
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.generation import GenerationMode
from typer.testing import CliRunner

from app import cli
from app.config import Settings
from app.db import Database
from app.main import create_app
from app.schemas import codes
from app.services.catalogue import labels
from tests.conftest import ROOT, Urls
from tests.worlds import World

METHODS = {"get", "post", "put", "patch", "delete"}
PUBLIC = {"/v1/labels"}
Operation = tuple[str, str, dict[str, Any]]


@pytest.fixture(scope="session")
def document(settings: Settings) -> dict[str, Any]:
    app = create_app(settings, Database("postgresql://nowhere/nothing", 1))
    found: dict[str, Any] = json.loads(json.dumps(app.openapi()))
    return found


@pytest.fixture(scope="session")
def operations(document: dict[str, Any]) -> list[Operation]:
    return [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    ]


def resolved(document: dict[str, Any], schema: Any) -> Any:
    """The schema with its references leading into the document."""
    return {**schema, "components": document["components"]}


def bodies(operations: list[Operation]) -> Iterator[tuple[str, dict[str, Any]]]:
    for _, _, operation in operations:
        if "requestBody" in operation:
            (media,) = operation["requestBody"]["content"].values()
            yield operation["operationId"], media


def shape(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = document["components"]["schemas"][name] if name else schema
    return found


# --- what is written down


@pytest.mark.anyio
async def test_the_checked_in_contract_is_what_is_served(world: World) -> None:
    served = await world.client.get("/openapi.json")
    assert served.json() == json.loads((ROOT / "openapi" / "v1.json").read_text("utf-8"))


def test_operation_ids_are_unique_and_read_as_method_names(operations: list[Operation]) -> None:
    ids = [operation["operationId"] for _, _, operation in operations]
    assert len(set(ids)) == len(ids)
    assert [id for id in ids if not re.fullmatch(r"[a-z]+(_[a-z]+)+", id)] == []


def test_every_operation_says_what_it_does_and_what_it_can_refuse(operations: list[Operation]) -> None:
    for path, method, operation in operations:
        told = operation["operationId"]
        assert operation["summary"], told
        assert operation.get("description"), told
        assert operation["tags"], told
        if path in PUBLIC:
            continue
        assert operation["security"] == [{"bearer": []}], told
        problems = {status: r for status, r in operation["responses"].items() if status[0] in "45"}
        expected = {"401", "422", "429", "503"}
        expected |= {"404"} if "{" in path else set()
        expected |= {"400", "403", "409", "413"} if method != "get" else set()
        expected |= {"412", "428"} if method in ("put", "patch", "delete") else set()
        assert expected <= problems.keys(), (told, expected - problems.keys())
        for status, response in problems.items():
            assert response["description"], (told, status)
            assert set(response["content"]) == {"application/problem+json"}, (told, status)


def test_changes_demand_if_match_and_posts_take_a_key(operations: list[Operation]) -> None:
    for _, method, operation in operations:
        headers = {one["name"]: one for one in operation.get("parameters", ()) if one["in"] == "header"}
        assert ("If-Match" in headers) == (method in ("put", "patch", "delete")), operation["operationId"]
        assert ("Idempotency-Key" in headers) == (method == "post"), operation["operationId"]
        if condition := headers.get("If-Match"):
            assert condition["required"] is True, operation["operationId"]
            assert condition["schema"] == {"type": "string"}, operation["operationId"]


def test_a_summary_is_the_first_sentence(operations: list[Operation]) -> None:
    for _, _, operation in operations:
        told, summary = operation["operationId"], operation["summary"]
        assert operation["description"].startswith(f"{summary}."), told
        assert re.fullmatch(r"[A-Z].* .{,119}", summary), told


def strings(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    for part in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from strings(part)


def test_what_is_ours_alone_is_not_told(document: dict[str, Any]) -> None:
    """Requirement numbers stand in the code for us; who reads the contract cannot look them up."""
    assert [text for text in strings(document) if re.search(r"\b[PRX][0-9]{1,3}\b", text)] == []


def test_the_names_of_types_are_names(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert [name for name in schemas if not re.fullmatch(r"([A-Z][a-z0-9]*)+", name)] == []
    assert schemas["CasePage"]["title"] == "CasePage"
    assert schemas["CasePage"]["properties"]["items"]["items"] == {"$ref": "#/components/schemas/CaseOut"}
    assert set(referred(document)) == schemas.keys()


def test_a_list_of_codes_is_one_type(document: dict[str, Any]) -> None:
    """A generated client has one `CaseState`, and not one for each field that has it."""
    schemas, listed = document["components"]["schemas"], {codes: name for name, codes in CODES.items()}
    places: dict[str, list[str]] = {}

    def walk(node: Any, place: str) -> None:
        if isinstance(node, dict) and isinstance(node.get("enum"), list) and tuple(node["enum"]) in listed:
            places.setdefault(listed[tuple(node["enum"])], []).append(place)
        for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
            walk(value, f"{place}/{key}")

    walk(document, "")
    assert places == {name: [f"/components/schemas/{name}"] for name in places}
    assert {"CaseState", "MemberKind", "MeetingStatus", "Profession"} <= places.keys()
    for name in places:
        assert f"`{spoken(name)}`" in schemas[name]["description"]


def test_no_list_of_codes_has_the_name_of_a_shape() -> None:
    shapes = {shape.__name__ for shape in subclasses(BaseModel) if shape.__module__.startswith("app.")}
    assert shapes & CODES.keys() == set()


def subclasses(base: type[Any]) -> Iterator[type[Any]]:
    for one in base.__subclasses__():
        yield one
        yield from subclasses(one)


def test_every_body_has_an_example_that_is_one(document: dict[str, Any], operations: list[Operation]) -> None:
    told = dict(bodies(operations))
    assert len(told) > 15
    lacking = [name for name, media in told.items() if not shape(document, media["schema"]).get("examples")]
    assert lacking == []


def test_every_example_validates(document: dict[str, Any]) -> None:
    checked = 0
    for name, schema in document["components"]["schemas"].items():
        for example in schema.get("examples", ()):
            validator = jsonschema_rs.Draft202012Validator(resolved(document, schema), validate_formats=True)
            assert [error.message for error in validator.iter_errors(example)] == [], name
            checked += 1
    assert checked > 15


def test_every_body_is_closed(document: dict[str, Any], operations: list[Operation]) -> None:
    """An unknown field is refused, not ignored; the contract says so too."""
    for name, media in bodies(operations):
        if media["schema"].get("contentMediaType") != "text/csv":  # a list, of which each column is known
            assert shape(document, media["schema"]).get("additionalProperties") is False, name


def referred(node: Any) -> Iterator[str]:
    """The names of the schemas that a part of the document refers to."""
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"].rpartition("/")[2]
        node = list(node.values())
    for part in node if isinstance(node, list) else ():
        yield from referred(part)


def test_every_field_of_an_answer_is_always_there(document: dict[str, Any], operations: list[Operation]) -> None:
    """No defaults in response models: a client need not ask whether a field is missing or null."""
    schemas = document["components"]["schemas"]
    waiting = {
        name
        for _, _, operation in operations
        for name in referred([operation["responses"].get(s) for s in ("200", "201")])
    }
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        seen.add(name)
        optional = schemas[name].get("properties", {}).keys() - set(schemas[name].get("required", ()))
        assert not optional, f"{name}: {sorted(optional)}"
        waiting |= set(referred(schemas[name])) - seen
    assert {"CaseOut", "StepOut", "OverviewOut", "MunicipalityOut"} <= seen


def spoken(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


CODES = {name: get_args(value) for name, value in vars(codes).items() if name[0].isupper() and name != "Literal"}


@pytest.mark.parametrize("name", CODES)
def test_every_code_has_a_label_and_every_label_a_code(name: str) -> None:
    assert set(CODES[name]) == set(labels()[spoken(name)])


def test_every_listed_code_in_the_contract_has_a_label(document: dict[str, Any]) -> None:
    """Also those that stand in a schema of their own: a front end shows no bare code."""
    known = [set(words) for words in labels().values()]
    lacking: list[Any] = []

    def walk(node: Any, place: str) -> None:
        if isinstance(node, dict):
            if isinstance(node.get("enum"), list) and not any(set(node["enum"]) <= words for words in known):
                lacking.append((place, node["enum"]))
            for key, value in node.items():
                walk(value, f"{place}/{key}")
        elif isinstance(node, list):
            for number, value in enumerate(node):
                walk(value, f"{place}/{number}")

    answers = {name: s for name, s in document["components"]["schemas"].items() if "Settings" not in name}
    walk(answers, "")
    assert lacking == []


# --- the page


@pytest.mark.anyio
async def test_the_page_needs_no_internet(world: World) -> None:
    """P19: it refers to no other host, and what it refers to is served here."""
    page = await world.client.get("/docs")
    assert page.status_code == 200
    assets = re.findall(r"""(?:src|href|url)\s*[=:]\s*["']([^"']+)["']""", page.text)
    assert len(assets) >= 3
    for asset in assets:
        assert not urlsplit(asset).netloc, asset
        assert (await world.client.get(asset)).status_code == 200, asset
    assert "//" not in re.sub(r"//\s|<!--.*?-->", "", page.text).replace("http://test", "")


# --- thousands of calls

BUDGET_SECONDS = 40.0
EXAMPLES = examples(
    max_examples=4, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)
ACTORS = ("coordinator", "head", "administrator", "mother", "teen", "psychologist", "journal", "auditor")
LEFT_OUT = {
    "positive_data_acceptance",  # what is well-formed may still be refused: rights, states, references
    "missing_required_header",  # If-Match is demanded when the row is read (428): what comes before is told first
    "use_after_free",  # nothing is deleted
    "ensure_resource_availability",  # what was created may belong to a case that its maker cannot read any more
    "object_level_authorization",  # the oracle of the policy tests knows who may; schemathesis guesses
}


@pytest.fixture
def served(settings: Settings, urls: Urls) -> Iterator[str]:
    """The app of this contract on loopback, in a thread and with connections of its own."""
    app = create_app(settings, Database(urls.app, 4))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, log_config=None, access_log=False, server_header=False)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(10)


@pytest.fixture
async def real(world: World) -> dict[str, list[str]]:
    """Ids that lead somewhere, by the name of the path parameter."""
    family = await world.family()
    case, draft = await world.allocated(family), await world.case(family, model="sof")
    path = f"/v1/cases/{case['id']}"
    now = "2026-01-05T10:00:00Z"
    meeting = await world._made("coordinator", f"{path}/meetings", {"kind": "status", "planned_for": now})
    contact = {"kind": "first_contact", "channel": "phone", "took_place_at": now}
    contact = await world._made("coordinator", f"{path}/contacts", contact)
    callback = await world._made("mother", f"{path}/callbacks", {})
    team = (await world.get("coordinator", f"{path}/team")).json()["items"]
    custodies = (await world.get("coordinator", f"/v1/families/{family.id}/custodies")).json()["items"]
    templates = (await world.get("coordinator", "/v1/step-templates")).json()["items"]
    return {
        "family_id": [family.id],
        "case_id": [case["id"], draft["id"]],
        "member_id": [*family.members.values(), team[0]["id"]],
        "custody_id": [custodies[0]["id"]],
        "meeting_id": [meeting["id"]],
        "contact_id": [contact["id"]],
        "callback_id": [callback["id"]],
        "template_id": [templates[0]["id"]],
        "user_id": [str(world.ids["visitor"])],
        "department_id": [str(world.departments["sundhed"])],
    }


@pytest.mark.anyio
async def test_the_contract_holds(
    world: World, document: dict[str, Any], real: dict[str, list[str]], served: str
) -> None:
    """All checks of schemathesis that make sense here, as several people, with ids that lead somewhere."""
    tokens = {who: world.headers(who) for who in ACTORS}
    fuzz = Fuzz(served, real, tokens)
    await anyio.to_thread.run_sync(fuzz.run, document)
    told = "\n\n".join(f"{label}\n{failure}" for label, failure in fuzz.failures.items())
    assert not fuzz.failures, f"{fuzz.called} calls, {len(fuzz.failures)} kinds of failure\n{told}"
    assert fuzz.called > 100


class Fuzz:
    """Every operation in turn, well-formed and malformed, as anybody, until the time is up."""

    def __init__(self, address: str, real: dict[str, list[str]], tokens: dict[str, dict[str, str]]) -> None:
        load_all_checks()
        self.address, self.real, self.tokens = address, real, tokens
        self.left_out = CHECKS.get_by_names(sorted(LEFT_OUT))
        self.chance, self.until, self.called = random.Random(5), time.monotonic() + BUDGET_SECONDS, 0
        self.failures: dict[str, str] = {}

    def run(self, document: dict[str, Any]) -> None:
        operations = [found.ok() for found in schemathesis.openapi.from_dict(document).get_all_operations()]
        for round_ in range(4):
            for operation in operations:
                for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                    if time.monotonic() < self.until:
                        self.try_out(operation, mode, round_)

    def try_out(self, operation: Any, mode: GenerationMode, round_: int) -> None:
        names = {one.name for one in operation.path_parameters}
        ids: dict[str, Any] = {name: self.chance.choice(self.real[name]) for name in names & self.real.keys()}
        ids |= {"number": self.chance.randint(1, 7)} if "number" in names else {}
        cases = operation.as_strategy(mode, path_parameters=ids or None)
        call = seed(round_)(EXAMPLES(given(case=cases)(self.call)))
        try:
            call()
        except hypothesis.errors.Unsatisfiable:
            return  # nothing malformed can be sent there
        except (Exception, BaseExceptionGroup) as failure:
            told = [str(one) for one in getattr(failure, "exceptions", [failure])]
            self.failures.setdefault(f"{operation.label} {mode.value}", f"{failure}\n{told}"[:1200])

    def call(self, case: Any) -> None:
        headers = dict(self.tokens[self.chance.choice(ACTORS)])
        if case.method == "POST":
            headers["Idempotency-Key"] = f"key-{self.called}"
        if "If-Match" in (case.headers or {}) and case.method != "DELETE":
            headers["If-Match"] = self.chance.choice(['"stale"', self.etag(case, headers)])
        self.called += 1
        response = case.call(base_url=self.address, headers=headers, timeout=10)
        case.validate_response(response, excluded_checks=self.left_out)

    def etag(self, case: Any, headers: dict[str, str]) -> str:
        path = case.formatted_path.removesuffix("/coordinator")
        return str(httpx.get(self.address + path, headers=headers, timeout=10).headers.get("etag", '"none"'))


def test_the_gate_refuses_what_would_break_a_client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wired as `make lint` runs it: a released operation that is served no more fails the build."""
    root = Path(__file__).resolve().parent.parent
    released = json.loads((root / "openapi" / "released.json").read_text("utf-8"))
    released["paths"]["/v1/gone"] = {"get": released["paths"]["/v1/me"]["get"]}
    (tmp_path / "released.json").write_text(json.dumps(released), "utf-8")
    monkeypatch.setattr("app.cli.CONTRACT", root / "openapi" / "v1.json")
    for path, code in (
        (root / "openapi" / "released.json", 0),
        (tmp_path / "released.json", 1),
        (tmp_path / "none", 1),
    ):
        monkeypatch.setattr("app.cli.RELEASED", path)
        assert CliRunner().invoke(cli.app, ["openapi", "--check"]).exit_code == code, path
