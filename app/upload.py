"""Bringing in a list from the command line, as any client of the API does: check it, see the report, carry it out."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import httpx
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
PAUSE: Final = 0.5
"""Seconds between two looks at how far it is."""


def guarded(address: str) -> bool:
    """Whether a token can be sent there: over TLS, or no further than this machine."""
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL:
        return False
    return bool(url.host) and (url.scheme == "https" or (url.scheme == "http" and url.host in LOOPBACK))


def client_of(address: str, token: str) -> httpx.AsyncClient:
    """A client of the API at this address, for whom the token speaks."""
    headers = {"authorization": f"Bearer {token}", "accept-language": "en"}
    return httpx.AsyncClient(base_url=address, headers=headers, timeout=60)


async def bring_in(client: httpx.AsyncClient, kind: str, content: bytes, *, run: bool, console: Console) -> int:
    """Check the list and show the report; with `run` carry it out too, else throw it away. 0, or 1 when refused."""
    kept = await client.post("/imports", params={"kind": kind}, content=content, headers={"content-type": "text/csv"})
    if not kept.is_success:
        return _refused(kept, console)
    report = kept.json()
    console.print(_report(report))
    if report["status"] == "refused":
        return 1
    if run:
        return await _carry_out(client, report, console)
    thrown = await client.post(f"/imports/{report['id']}/discard")
    if not thrown.is_success:
        return _refused(thrown, console)
    console.print("the list can be imported: add --run to do so")
    return 0


async def _carry_out(client: httpx.AsyncClient, report: Mapping[str, Any], console: Console) -> int:
    """With a bar that follows what the server says."""
    place = f"/imports/{report['id']}"
    running = asyncio.create_task(client.post(f"{place}/run", timeout=None))
    bar = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*bar, console=console) as progress:
        task = progress.add_task("importing", total=report["rows"])
        while not (await asyncio.wait([running], timeout=PAUSE))[0]:
            seen = await client.get(place)
            if seen.is_success:
                progress.update(task, completed=seen.json()["done_rows"])
        done = await running
        if done.is_success:
            progress.update(task, completed=report["rows"])
    if not done.is_success:
        return _refused(done, console)
    console.print(_report(done.json()))
    return 0


def _report(report: Mapping[str, Any]) -> Table:
    counts = ", ".join(f"{report[name]} {name}" for name in ("rows", "creates", "changes", "unchanged"))
    table = Table(title=f"{report['kind']}: {report['status']}", caption=f"{counts}, {report['error_count']} errors")
    for name in ("row", "column", "what is wrong"):
        table.add_column(name)
    for flaw in report["errors"]:
        table.add_row(str(flaw["row"] or ""), flaw["column"] or "", flaw["detail"])
    return table


def _refused(answer: httpx.Response, console: Console) -> int:
    """What the API answered instead: its title, and the flaws it names."""
    try:
        problem = answer.json()
        console.print(problem["title"])
    except (ValueError, KeyError):
        console.print(f"the answer was {answer.status_code}: is this the address of the API?")
        return 1
    for flaw in problem["errors"]:
        console.print(f"  {flaw['pointer']}: {flaw['detail'] or flaw['code']}")
    return 1
