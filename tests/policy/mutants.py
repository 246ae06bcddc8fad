"""Mutation testing of app/policy (P7): each rule is made wrong in one place, and something has to notice.

    python -m tests.policy.mutants --only documents,sharing --share 0.2 --tests

A mutant is loaded by a forked process; no file is changed. First it is asked what the oracle and the table of actions
can answer: random worlds and a scene lie in a database already, so that takes seconds. With `--tests` those of which
nothing was noticed are put to the tests nearest to the module. docs/mutants.md says what was found.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from typing import Any, Final

import asyncpg
import fastapi  # noqa: F401 - loaded once, for all
import httpx  # noqa: F401
import pytest

import app.models  # noqa: F401
from app import embedded, migrate
from tests.policy.mutations import Mutant, mutants_of

ROOT: Final = Path(__file__).resolve().parents[2]
FOLDER: Final = ROOT / "app" / "policy"
SECONDS: Final = 900
"""A mutant that takes longer than this is killed by the clock."""
BROKEN: Final = "not judged: "

NEAR: Final[dict[str, tuple[str, ...]]] = {
    "actor": ("users", "access", "families"),
    "assignments": ("coordinator", "buddies", "light_cases", "caseload"),
    "concerning": ("overviews", "consents", "statements"),
    "consents": ("consents", "signing", "signers", "statutory_bases", "legal_references", "settling"),
    "contents": ("documents", "withholdings"),
    "documents": ("documents", "shares", "withholdings", "emergencies", "guests", "gaps", "statutory_bases"),
    "events": ("overviews", "cases", "consents", "statements"),
    "families": ("families", "relations", "member_cpr", "address_protection", "logins"),
    "grounds": ("access", "shares", "statutory_bases"),
    "municipalities": ("municipalities", "users", "ordinary"),
    "reading": ("access", "gaps", "overtaken"),
    "requests": ("information_requests", "overviews"),
    "restrictions": ("restriction", "documents"),
    "screens": ("overviews",),
    "sharing": ("shares", "guests", "withholdings", "emergencies", "statutory_bases", "overviews"),
    "teams": ("teams", "coverage"),
    "untold": ("statutory_bases", "shares", "access"),
    "voices": ("statements",),
    "warnings": ("overviews", "concerns", "complexity", "cases"),
}
"""The tests of services nearest to a module, where its own name does not say."""
FIRST: Final = ("test_leaks", "test_edges", "test_acts")
LOGGING: Final = {"events", "concerning", "untold", "grounds"}
"""What is told of looks: the log's own tests are asked before those of single documents."""
ALWAYS: Final = ("test_log", "test_breaches_documents", "test_breaches", "test_matrix")


# --- a mutant in the place of its module


class Loader(SourceFileLoader):
    """Loads the module from the tree it is given."""

    tree: Any

    def get_code(self, fullname: str) -> Any:
        return compile(self.tree, self.path, "exec")


class Finder:
    """Finds the mutant where its module is asked for."""

    def __init__(self, mutant: Mutant) -> None:
        self.mutant = mutant

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if name != f"app.policy.{self.mutant.module}":
            return None
        file = FOLDER / f"{self.mutant.module}.py"
        loader = Loader(name, str(file))
        loader.tree = self.mutant.make()
        return spec_from_file_location(name, file, loader=loader)


def load(mutant: Mutant) -> str:
    """From now on this process has the mutant. Tells the error where it cannot be loaded: that is noticed by all."""
    for name in [name for name in sys.modules if name.startswith("app.policy")]:
        del sys.modules[name]
    sys.meta_path.insert(0, Finder(mutant))  # type: ignore[arg-type]
    try:
        import app.policy.shown  # noqa: F401
    except Exception as error:
        return f"loading it: {type(error).__name__}"
    return ""


# --- processes


def forked(work: Callable[[], str]) -> tuple[int, int]:
    """Starts a process for the work; what it answers can be read from the pipe. The clock may end it."""
    ours, theirs = os.pipe()
    process = os.fork()
    if process:
        os.close(theirs)
        return process, ours
    silently()
    signal.alarm(SECONDS)
    try:
        answer = work()
    except BaseException as error:
        answer = f"{BROKEN}{error!r}"
    os.write(theirs, answer.encode())
    os._exit(0)


def silently() -> None:
    """Neither reads from here on, nor writes."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)


def judged(
    mutants: Sequence[Mutant], judge: Callable[[Mutant], str], workers: int
) -> Iterator[tuple[Mutant, str, float]]:
    """Each mutant with what noticed it, as they come, and after how many seconds."""
    waiting, running = list(reversed(mutants)), {}
    while waiting or running:
        while waiting and len(running) < workers:
            mutant = waiting.pop()
            process, pipe = forked(partial(judge, mutant))
            running[process] = (mutant, pipe, time.monotonic())
        process, status = os.wait()
        mutant, pipe, since = running.pop(process)
        with os.fdopen(pipe) as end:
            noticed = end.read()
        yield mutant, "the clock" if os.WIFSIGNALED(status) else noticed, time.monotonic() - since


def by_tests(mutant: Mutant) -> str:
    """The first of the nearest tests that fails, or nothing."""
    if error := load(mutant):
        return error
    near = [ROOT / "tests" / "services" / f"test_{name}.py" for name in NEAR.get(mutant.module, (mutant.module,))]
    first, always = ([ROOT / "tests" / "policy" / f"{name}.py" for name in names] for names in (FIRST, ALWAYS))
    first = always[:1] if mutant.module in LOGGING else first
    files = [*first, *near, *always]
    watch = FirstFailure()
    quiet = ["-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", "--hypothesis-seed=0", "--tb=no"]
    quiet += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # of what is loaded already
    code = pytest.main([*quiet, *(str(file) for file in files if file.exists())], plugins=[watch])
    return watch.test or ("" if code == 0 else f"{BROKEN}pytest ended with {int(code)}")


class FirstFailure:
    """Remembers the first test that fails."""

    test = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self.test:
            self.test = report.nodeid.rpartition("/")[2]


# --- all of them


def chosen(only: Sequence[str], share: float, seed: int) -> list[Mutant]:
    """The mutants of these modules in their order, or of all; of each module a share, and at least five."""
    names = list(only) or sorted(path.stem for path in FOLDER.glob("*.py"))
    found = []
    for name in names:
        mutants = mutants_of(FOLDER / f"{name}.py")
        many = max(min(5, len(mutants)), round(len(mutants) * share))
        picked = random.Random(f"{seed} {name}").sample(range(len(mutants)), many)
        found += [mutants[number] for number in sorted(picked)]
    return found


@contextmanager
def server() -> Iterator[str]:
    """A PostgreSQL whose new databases are migrated already, named in DATABASE_URL; and one such database of it."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)  # noqa: S103 - the server may run as another user
        running = embedded.start(Path(folder))
        migrate.upgrade(embedded.address(running, "template1"))
        os.environ["DATABASE_URL"] = embedded.address(running, "postgres")
        asyncio.run(_carelessly(os.environ["DATABASE_URL"]))
        yield embedded.address(running, "mutants")
        running.cleanup()


async def _carelessly(url: str) -> None:
    connection = await asyncpg.connect(url)
    for statement in ("alter system set fsync = off", "select pg_reload_conf()", "create database mutants"):
        await connection.execute(statement)
    await connection.close()


def first_look(mutants: Sequence[Mutant], url: str, workers: int) -> Iterator[list[Any]]:
    """What the oracle says of each, by its number. Another process asks: this one must not load the policy."""
    ours, theirs = os.pipe()
    if not (process := os.fork()):
        silently()
        from tests.policy.mutant_worlds import prepared

        with os.fdopen(theirs, "w") as pipe:
            stage = prepared(url)
            numbers = {id(mutant): number for number, mutant in enumerate(mutants)}
            for mutant, noticed, seconds in judged(mutants, stage.judge, workers):
                print(json.dumps([numbers[id(mutant)], noticed, seconds]), file=pipe, flush=True)
        os._exit(0)
    os.close(theirs)
    with os.fdopen(ours) as pipe:
        yield from (json.loads(line) for line in pipe)
    os.waitpid(process, 0)


def asked_for() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Mutation testing of app/policy.")
    parser.add_argument("--only", default="", help="modules, such as documents,sharing; all otherwise")
    parser.add_argument("--share", type=float, default=1.0, help="the share of each module's mutants, chosen by --seed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lines", default="", help="the mutants of these lines only, such as 91,102")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--tests", action="store_true", help="put to the nearest tests what the oracle did not notice")
    parser.add_argument("--list", action="store_true", help="tell the mutants, and judge none")
    return parser.parse_args()


def main() -> None:
    asked = asked_for()
    mutants = chosen([name for name in asked.only.split(",") if name], asked.share, asked.seed)
    mutants = [one for one in mutants if not asked.lines or str(one.line) in asked.lines.split(",")]
    made, survived = Counter(one.module for one in mutants), list[Mutant]()
    if asked.list:
        print(*mutants, *sorted(made.items()), sum(made.values()), sep="\n")
        return

    def tell(mutant: Mutant, noticed: str, seconds: float) -> None:
        print(f"{seconds:4.0f} s  {mutant}  –  {noticed or 'NOTHING'}", flush=True)
        if not noticed or noticed.startswith(BROKEN):
            survived.append(mutant)

    with server() as url:
        for number, noticed, seconds in first_look(mutants, url, asked.workers):
            tell(mutants[number], noticed, seconds)
        if asked.tests:
            left = [*survived]
            survived.clear()
            for one in judged(left, by_tests, asked.workers):
                tell(*one)
    alive = Counter(one.module for one in survived)
    print("", *(f"{module:<16} {made[module]:>4} made {alive[module]:>4} survived" for module in made), sep="\n")
    print("", *survived, sep="\n")


if __name__ == "__main__":
    main()
