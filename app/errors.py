"""The problems the API can answer (RFC 9457), one tree.

    Problem
    ├── BadRequest            400  the request cannot be read at all
    ├── Unauthorized          401  no token, or not a good one; before any look-up
    ├── Forbidden             403  you may read it, but not do this
    │   └── ConsentMissing         … because nobody has consented, and no statutory basis covers it
    ├── NotFound              404  absent, another municipality's, or not yours to read: the same answer
    ├── Conflict              409  the state forbids it
    ├── PreconditionFailed    412  somebody changed it since you read it
    ├── BodyTooLarge          413  more than the operator allows
    ├── UnsupportedMediaType  415  a body of another kind than is taken here
    ├── RangeNotSatisfiable   416  a piece of a content that begins after its end
    ├── Invalid               422  the content is wrong; names the field, never the value
    ├── PreconditionRequired  428  If-Match is missing
    ├── TooManyRequests       429  with Retry-After
    └── Unavailable           503  something we need does not answer; nothing was done

Problems are raised, never returned: a returned one would commit. A problem carries a stable code and pointers,
nothing that the caller sent. Titles come from the label catalogue, in the caller's language.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing wrong: `pointer` is a JSON pointer into the body, `?name` a query parameter, `#name` a header.

    Without a `detail` the catalogue has the sentence for its code; `limits` are what our shape allows there.
    """

    pointer: str
    code: str
    detail: str | None = None
    limits: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a refused request wanted, for the log: a resource, an action and, where it is known, the row.

    `member` is the person whom it concerns where that is one alone: the log row is readable by that.
    """

    resource: str
    action: str
    row: UUID | None
    case: UUID | None = None
    member: UUID | None = None


class Problem(Exception):
    """Base of every answer that is not a success."""

    status: ClassVar[int]
    default: ClassVar[str]

    def __init__(
        self,
        code: str | None = None,
        *flaws: Flaw,
        headers: Mapping[str, str] | None = None,
        refusal: Refusal | None = None,
    ) -> None:
        self.code = code or self.default
        self.flaws: Sequence[Flaw] = flaws
        self.headers = dict(headers or {})
        self.refusal = refusal
        super().__init__(self.code)


class BadRequest(Problem):
    status, default = 400, "bad-request"


class Unauthorized(Problem):
    status, default = 401, "token-invalid"

    def __init__(self, code: str | None = None) -> None:
        super().__init__(code, headers={"WWW-Authenticate": 'Bearer realm="indgang"'})


class Forbidden(Problem):
    status, default = 403, "forbidden"


@dataclass(frozen=True, slots=True)
class Missing:
    """What no basis in force covers: whose part, what kind of information, for whom or from whom, and how far it is.

    Ids and codes, never a name. `consent_id` is the consent that comes nearest, where there is one; `awaits` are the
    members whose signature it lacks.
    """

    subject_id: UUID
    category: str
    purpose: str
    party_kind: str
    party_id: UUID
    state: str
    document_id: UUID | None = None
    consent_id: UUID | None = None
    awaits: Sequence[UUID] = ()


class ConsentMissing(Forbidden):
    """Sharing, or obtaining, that no consent and no statutory basis in force covers; says what is missing (R281).

    Nothing named: a folder that is empty, and stands in no basis in force.
    """

    status, default = 403, "consent-missing"

    def __init__(self, pointer: str, *missing: Missing, refusal: Refusal | None = None) -> None:
        self.missing = missing
        kinds = dict.fromkeys((one.state, one.category, one.purpose) for one in missing)
        found = (
            Flaw(pointer, f"consent-{state.replace('_', '-')}", limits={"category": category, "purpose": purpose})
            for state, category, purpose in kinds
        )
        super().__init__(None, *(found if missing else [Flaw(pointer, "consent-names-no-folder")]), refusal=refusal)


class NotFound(Problem):
    status, default = 404, "not-found"


class Conflict(Problem):
    status, default = 409, "conflict"


class PreconditionFailed(Problem):
    status, default = 412, "precondition-failed"


class BodyTooLarge(Problem):
    """More bytes than the `most` that are taken here, in the body or the part of it that the pointer names."""

    status, default = 413, "body-too-large"

    def __init__(self, most: int, pointer: str = "") -> None:
        named = f"{most / 1024 / 1024:.4g} MiB" if most >= 1024 * 1024 else f"{most / 1024:.4g} KiB"
        super().__init__(None, Flaw(pointer, "too-many-bytes", limits={"most": named}))


class UnsupportedMediaType(Problem):
    status, default = 415, "unsupported-media-type"


class RangeNotSatisfiable(Problem):
    status, default = 416, "range-not-satisfiable"


class Invalid(Problem):
    status, default = 422, "validation-failed"


class PreconditionRequired(Problem):
    status, default = 428, "precondition-required"

    def __init__(self) -> None:
        super().__init__(None, Flaw("#If-Match", "etag-needed"))


class TooManyRequests(Problem):
    status, default = 429, "rate-limited"


class Unavailable(Problem):
    status, default = 503, "storage-unavailable"

    def __init__(self, code: str | None = None) -> None:
        super().__init__(code, headers={"Retry-After": "5"})


def invalid(pointer: str, code: str, problem: str | None = None) -> Invalid:
    """A 422 about one field; `code` says what is wrong with it."""
    return Invalid(problem, Flaw(pointer, code))


def flaws(errors: Iterable[Any], root: str = "") -> list[Flaw]:
    """The flaws that a validation found, each at its place and by its kind; never with the value that was sent."""
    return [Flaw(_pointer(error["loc"], root), error["type"], limits=_limits(error.get("ctx", {}))) for error in errors]


def _limits(context: Mapping[str, Any]) -> dict[str, str]:
    """What the shape allows, as words. It comes from our schema; the rest of a context can hold what was sent."""
    return {name: str(context[name]).replace("'", "").replace(" or ", ", ") for name in LIMITS if name in context}


def _pointer(place: Sequence[int | str], root: str) -> str:
    """A JSON pointer (RFC 6901) from a validation's place; `?name` for a query parameter, `#name` for a header.

    The name of an unknown field comes from the caller: it is told only when it is a plain word, as our names are.
    """
    parts = [str(part) if isinstance(part, int) or NAME.fullmatch(part) else "…" for part in place]
    first, *rest = parts or [""]
    if first in ("query", "path"):
        return "?" + ".".join(rest)
    if first == "header":
        return "#" + ".".join(rest)
    return root + "".join(f"/{part}" for part in (rest if first == "body" else parts))


NAME: Final = re.compile(r"[a-z][a-z_-]{0,39}")
LIMITS: Final = ("expected", "ge", "le", "min_length", "max_length")
