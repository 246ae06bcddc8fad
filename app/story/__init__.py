"""The story of one family, told over HTTP against the running server: what `indgang demo` tells.

It talks as any client would: tokens of the demo's people, and nothing else of the server's inside. Every answer is
checked. A refusal that belongs to the story is told as one; any other answer than the expected one ends the story,
naming the call. Each telling registers a family of its own, so it can be told again and again on the same database.
"""

from pathlib import Path

import httpx
from rich.console import Console
from rich.markup import escape

from app.story.chapters import CHAPTERS
from app.story.teller import Story, Unexpected

__all__ = ["CHAPTERS", "tell"]


def tell(address: str, data_dir: Path, console: Console) -> int:
    """Tell the whole story against the server at `address`; the exit code: 0, or 1 with one clear sentence why not."""
    try:
        with httpx.Client(base_url=address, timeout=30, trust_env=False) as client:
            story = Story(client, data_dir, console)
            for number, (title, chapter) in enumerate(CHAPTERS, start=1):
                console.print(f"\n[bold]{number}. {title}[/]")
                chapter(story)
    except Unexpected as wrong:
        console.print(f"\n[red]The story stops here.[/] {escape(str(wrong))}")
        return 1
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        reason = f"No server answers at {address} ({type(error).__name__})"
        advice = "start it with `make run`, or say on which port it is: INDGANG_PORT=… make demo."
        console.print(f"\n[red]The story cannot be told.[/] {escape(reason)}: {advice}")
        return 1
    console.print(
        f"\n[green]The story is told[/]: {len(CHAPTERS)} chapters, {story.calls} calls, each answered as it should be."
    )
    return 0
