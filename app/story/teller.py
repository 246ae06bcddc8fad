"""The teller: calls the API as the demo's people, checks each answer, and tells of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import httpx
from rich.console import Console
from rich.markup import escape

from app import tryout

NOBODY: Final = ""
NOTHING: Final[Mapping[str, str]] = {}
COPENHAGEN: Final = ZoneInfo("Europe/Copenhagen")


class Unexpected(Exception):
    """An answer is not the one that the story expects; the message names the call, the expected and the actual."""


@dataclass
class Story:
    """The teller: calls the API as the demo's people, checks each answer and tells of it.

    `things` are the ids met so far. A call such as `POST /v1/cases/{case}/team` takes them from there, and is shown
    as it is written.
    """

    client: httpx.Client
    data_dir: Path
    console: Console
    things: dict[str, str] = field(default_factory=dict)
    calls: int = 0

    def __post_init__(self) -> None:
        self.names = {NOBODY: "somebody without a token"} | {word: name for word, name, _, _ in tryout.people()}
        self.tokens: dict[str, str] = {}

    def say(self, text: str) -> None:
        self.console.print(f"  {escape(text)}")

    def ask(
        self, who: str, call: str, body: Any = None, wants: int = 200, code: str | None = None, **headers: str
    ) -> httpx.Response:
        """One request as somebody; header names with underscores. A body that is text is a list, sent as CSV.

        Raises `Unexpected` unless answered as wanted.
        """
        content: dict[str, Any] = {"json": {} if body is None and call.startswith("POST") else body}
        if isinstance(body, str):
            content, headers = {"content": body}, {**headers, "content_type": "text/csv"}
        return self._sent(who, call, content, wants, code, headers)

    def upload(self, who: str, call: str, details: Any, file: bytes, *, key: str | None = None) -> Any:
        """POST a file with its details, and read the 201."""
        made = _object(f"POST {call}", self._sent(who, f"POST {call}", _parts(details, file), 201))
        if key is not None:
            self.things[key] = made["id"]
        return made

    def refused_upload(self, who: str, call: str, details: Any, file: bytes, wants: int, code: str) -> None:
        """POST a file that is not taken."""
        self._sent(who, f"POST {call}", _parts(details, file), wants, code)

    def _sent(
        self,
        who: str,
        call: str,
        content: dict[str, Any],
        wants: int,
        code: str | None = None,
        headers: Mapping[str, str] = NOTHING,
    ) -> httpx.Response:
        method, _, path = call.partition(" ")
        sent = {name.replace("_", "-"): value for name, value in headers.items()} | self.signed_in(who)
        answer = self.client.request(method, path.format_map(self.things), headers=sent, **content)
        self.calls += 1
        found = _code(answer)
        if (answer.status_code, found) != (wants, code):
            raise Unexpected(f"{call} as {self.names[who]}: expected {_told(wants, code)}, got {_told(answer, found)}")
        verdict = f"[green]✓ {wants}[/]" if code is None else f"[yellow]✗ {wants} {code}[/] — as it should:"
        self.console.print(f"    {verdict} {escape(call)}   [dim]{self.names[who]}[/]")
        return answer

    def signed_in(self, who: str) -> dict[str, str]:
        """The header that carries somebody's token; none for nobody."""
        if who == NOBODY:
            return {}
        if who not in self.tokens:
            self.tokens[who] = tryout.token(self.data_dir, who)
        return {"authorization": f"Bearer {self.tokens[who]}"}

    def make(self, who: str, call: str, body: Any, *, key: str | None = None, **headers: str) -> Any:
        """POST something new and read the 201; `key` is the word that its id is kept under."""
        made = _object(f"POST {call}", self.ask(who, f"POST {call}", body, 201, None, **headers))
        if key is not None:
            self.things[key] = made["id"]
        return made

    def read(self, who: str, path: str, **headers: str) -> Any:
        return _object(f"GET {path}", self.ask(who, f"GET {path}", None, 200, None, **headers))

    def etag(self, who: str, path: str) -> str:
        return self.ask(who, f"GET {path}").headers["etag"]

    def change(self, who: str, path: str, body: Any) -> Any:
        """PATCH what one has just read, with its ETag."""
        return _object(f"PATCH {path}", self.ask(who, f"PATCH {path}", body, if_match=self.etag(who, path)))

    def today(self) -> date:
        """The day that the server reckons with."""
        return datetime.now(COPENHAGEN).date()

    def see(self, what: str, found: Any, wanted: Any = True) -> None:
        """Something in an answer is as it should be. Raises `Unexpected` otherwise."""
        if found != wanted:
            raise Unexpected(f"{what}: expected {wanted!r}, got {found!r}")
        self.console.print(f"      [dim]· {escape(what)}[/]")


def _parts(details: Any, file: bytes) -> dict[str, Any]:
    """The two parts of an upload, in their order."""
    return {"files": [("details", (None, json.dumps(details))), ("file", ("dokument.pdf", file))]}


def _object(call: str, answer: httpx.Response) -> Any:
    """What an answer holds. Raises `Unexpected` when it is no JSON object with something in it."""
    try:
        found = answer.json()
    except ValueError:
        found = None
    if not isinstance(found, dict) or not found:
        raise Unexpected(f"{call}: expected a JSON object, got something else; is this our server?")
    return found


def _code(answer: httpx.Response) -> str | None:
    """The code of a problem; None on a success."""
    if answer.is_success:
        return None
    try:
        return str(answer.json()["code"])
    except (ValueError, KeyError, TypeError):
        return "no problem document"


def _told(status: int | httpx.Response, code: str | None) -> str:
    number = status if isinstance(status, int) else status.status_code
    return f"{number} {code}" if code else str(number)
