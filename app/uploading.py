"""Uploads: a part `details` and a part `file`, of which only a piece at a time is in memory.

The details are read first, so that their shape is judged before anything else. Then, in a short transaction of its own,
whether the caller may add there at all: nobody makes the server read a file who could not leave it here. The file goes
to storage with no connection held, however slowly it comes. The real transaction judges again, since a membership or a
consent may have ended meanwhile. It commits only what is durably stored; what fails before that leaves nothing.
"""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar, cast
from uuid import UUID

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic import TypeAdapter, ValidationError

from app.auth import Identity
from app.db import Transaction
from app.errors import Invalid, flaws, invalid
from app.media import Content, Look, file_name
from app.multipart import Form, parts
from app.policy.actor import Actor
from app.routing import Context, Handler, TransactionRoute, acting, bearer, key_of, once, strict
from app.schemas.base import In

D = TypeVar("D", bound=In)
MOST_DETAILS: Final = 65_536
BETWEEN: Final = 32_768
"""For what stands around the two parts: their boundaries and headers."""
ID: Final = TypeAdapter[UUID](UUID)


@dataclass
class Upload(Generic[D]):
    """What was sent: the details, and the content as it is stored. `kept` once something speaks of it."""

    details: D
    content: Content
    kept: bool = False


@dataclass(frozen=True, eq=False)
class Taking(Generic[D]):
    """The dependency of an endpoint that takes an upload: the shape of its details, and who may add in a place.

    `judge` is given the id in the path, and raises what a caller is answered who may not.
    """

    shape: type[D]
    judge: Callable[[Transaction, Actor, UUID], Awaitable[None]]

    async def __call__(self, request: Request) -> Upload[D]:
        return cast(Upload[D], request.state.upload)

    def read(self, details: bytes) -> D:
        """The details of an upload. Raises BadRequest for what is no JSON, Invalid for another shape."""
        return _valid(self.shape.model_validate, strict(details), ("body",))


class UploadRoute(TransactionRoute):
    """A route whose endpoint has one dependency `Taking`, and the id of a place in its path."""

    def get_route_handler(self) -> Handler:
        endpoint = APIRoute.get_route_handler(self)
        taking = self.taking

        async def keeping(request: Request) -> Response:
            answer = await endpoint(request)
            request.state.upload.kept = True
            return answer

        async def handle(request: Request) -> Response:
            context: Context = request.app.state.context
            identity = await context.verifier.verify(bearer(request.headers))
            await self.admit(context, identity)
            key_of(request, identity.kind)
            form = _form(request, context)
            details = await form.details()
            wanted = taking.read(details)
            if request.url.query:
                raise invalid("?", "extra_forbidden")
            ((name, text),) = request.path_params.items()
            place = _valid(ID.validate_python, text, ("path", name))
            async with acting(request, identity) as (session, actor):
                await taking.judge(session, actor, place)
            return await self._keep(
                request, identity, Upload(wanted, await _received(form, context, identity)), keeping
            )

        return handle

    @property
    def taking(self) -> Taking[Any]:
        """What the endpoint takes."""
        (found,) = (one.call for one in self.dependant.dependencies if isinstance(one.call, Taking))
        return found

    async def _keep(self, request: Request, identity: Identity, upload: Upload[Any], keeping: Handler) -> Response:
        """Carry it out as a POST is. What nothing speaks of afterwards is taken away again.

        After the endpoint is done only the commit can fail, and whether it did may be unknown: a content without a row
        is swept away later, a row without its content would be lost.
        """
        request.state.upload = upload
        said = f"{upload.details.model_dump_json()}\n{upload.content.file_name}\n{upload.content.sha256}"
        try:
            return await once(request, identity, said.encode(), keeping)
        finally:
            if not upload.kept:
                await request.app.state.context.storage.delete(upload.content.key)


def _form(request: Request, context: Context) -> Form:
    most = context.max_upload_bytes
    body = parts(request.stream(), request.headers.get("content-type", ""), most + MOST_DETAILS + BETWEEN)
    return Form(body, MOST_DETAILS, most)


async def _received(form: Form, context: Context, identity: Identity) -> Content:
    """The file, stored. Raises Invalid for one that is not taken; then nothing of it is kept."""
    name = file_name(await form.file())
    look, digest = Look(), hashlib.sha256()
    found: list[str] = []

    async def passing() -> AsyncIterator[bytes]:
        async for chunk in form.content():
            look.feed(chunk)
            digest.update(chunk)
            yield chunk
        kind = look.media_type(name)
        if kind is None:
            raise invalid("/file", "media-type-refused", "media-type-refused")
        found.append(kind)

    key = await context.storage.put(identity.municipality, passing())
    return Content(key, name, found[0], look.size, digest.hexdigest())


def _valid(validate: Callable[[Any], Any], value: Any, place: tuple[str, ...]) -> Any:
    """The value in its shape. Raises Invalid as for any other part of a request."""
    try:
        return validate(value)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        raise Invalid(None, *flaws({**one, "loc": (*place, *one["loc"])} for one in found)) from None
