"""How the code is put together, held by tests; each rule says why."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

SOURCES = sorted((ROOT / "app").rglob("*.py"))
TEXTS = {".py", ".toml", ".yaml", ".yml", ".json", ".md", ".lock", ".ini", ".mako", ".sh", ".cfg", ""}
LONGEST_FUNCTION, LONGEST_FILE = 45, 400
MACHINE_PATH = re.compile(r"(?<![\w.<])/(?:home|Users|root|work|mnt|private)/[A-Za-z0-9._-]+")
REGISTRY = re.compile(r"--(?:extra-)?index-url|--find-links|^\s*(?:registry|url) *=|https?://", re.MULTILINE)


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


def imported(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in the file it does so."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are written out"
            yield node.module or ""
            yield from (f"{node.module}.{name.name}" for name in node.names)


def belongs(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def test_imports_go_downwards_only() -> None:
    """Layers, independent routers, pure mechanisms: `.importlinter` says which and why; here it is held in `make test`
    too, so that nobody learns of a broken one from somebody else.
    """
    found = subprocess.run(  # noqa: S603
        [Path(sys.executable).parent / "lint-imports", "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )
    assert found.returncode == 0, found.stdout + found.stderr


def test_only_auth_imports_jose() -> None:
    """python-jose accepts forged tokens unless it is asked in one particular way; `app.auth` is where that is known."""
    users = {path.parent for path in SOURCES if any(belongs(name, "jose") for name in imported(path))}
    assert users == {ROOT / "app" / "auth"}


def test_a_router_imports_neither_sql_nor_a_router() -> None:
    """SQL in a router reads past the policy; a router that calls a router runs its checks twice, or skips them."""
    forbidden = ("sqlalchemy", "asyncpg", "app.db", "app.models", "app.routers")
    for path in (ROOT / "app" / "routers").glob("*.py"):
        if path.name != "__init__.py":
            found = [name for name in imported(path) for each in forbidden if belongs(name, each)]
            assert not found, f"{path.name} imports {found}"


def test_nothing_commits_but_the_transaction_itself() -> None:
    """The one commit is the end of `session.begin()`: a commit in the middle of a request splits what belongs together,
    and a forgotten one is answered 201.
    """
    for path in SOURCES:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Attribute):
                assert node.attr not in {"commit", "rollback"}, f"{path}:{node.lineno}"


def test_no_policy_statement_is_changed_after_it_was_built() -> None:
    """A statement that is built anew for each request costs more than the query, and may lose its read grant."""
    for path in SOURCES:
        if path.is_relative_to(ROOT / "app" / "policy"):
            continue
        assert not {"page_of", "one_of"} & {name.rpartition(".")[2] for name in imported(path)}, path


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_stay_short(path: Path) -> None:
    """What hurts in a code base is its tail: the god file of the central noun. A feature that outgrows its file becomes
    a package of the same name.
    """
    lines = path.read_text("utf-8").count("\n")
    long = [
        f"{node.name} at {node.lineno}"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 > LONGEST_FUNCTION
    ]
    assert not long, f"longer than {LONGEST_FUNCTION} lines: {long}"
    assert lines <= LONGEST_FILE, f"{lines} lines"


def test_no_dustbin_module() -> None:
    """A module is named for what it holds; a `utils` has no reason to end."""
    dustbins = {"utils", "util", "helpers", "helper", "common", "misc", "base_service"}
    assert [path for path in SOURCES if path.stem in dustbins or re.search(r"\d$", path.stem)] == []


def repository() -> list[Path]:
    """The text files of the repository, with those that are not committed yet."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],  # noqa: S607
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [
        ROOT / name for name in listed.stdout.splitlines() if Path(name).suffix in TEXTS and (ROOT / name).is_file()
    ]


def test_no_path_of_one_machine_in_the_repository() -> None:
    """What names somebody's disk works nowhere else, and tells where it was made."""
    for path in repository():
        if path.suffix != ".lock":
            found = MACHINE_PATH.search(path.read_text("utf-8", errors="replace"))
            assert found is None, f"{path.relative_to(ROOT)}: {found and found.group()}"


def test_no_registry_address_in_the_lock_files() -> None:
    """A municipality installs from its own mirror: hashes say what to install, never where from."""
    locks = [path for path in repository() if path.suffix == ".lock"]
    assert locks
    for path in locks:
        found = REGISTRY.search(path.read_text("utf-8"))
        assert found is None, f"{path.name}: {found and found.group()}"
