"""What is said of a document is judged here: whom it is about, where it lies, whose it is."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, any_, bindparam, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from app.db import Row, Transaction, columns, table_of
from app.errors import Conflict, invalid
from app.models import Member
from app.policy.actor import ACTOR, Actor
from app.policy.cases import children_in_custody
from app.policy.rules import UUID_TYPE, is_one, mine
from app.services import folders
from app.services.municipalities import settings_now


def _of_family() -> Select[Any]:
    """Those among some members who are of a family; for a citizen oneself and the children in custody."""
    member = columns(Member)
    own = (member.id == any_(ACTOR.persons)) | (member.id == children_in_custody())
    wanted = member.id == any_(bindparam("members", type_=ARRAY(UUID_TYPE)))
    family = (member.family_id == bindparam("family_id", type_=UUID_TYPE)) & is_one(member.kind, "child", "adult")
    return select(member.id).where(mine(table_of(Member)), family, wanted, or_(ACTOR.kind != "citizen", own))


OF_FAMILY: Final = _of_family()


async def judged(
    session: Transaction, actor: Actor, case_id: UUID, family_id: UUID, given: Mapping[str, Any]
) -> dict[str, Any]:
    """What was given, with the path of its folder.

    Raises Invalid for people who are not of the family, a folder that is not of the case, and a subject number that the
    municipality does not use.
    """
    for field in ("subjects", "shows_address_of"):
        await _of_the_family(session, actor, family_id, given.get(field, ()), f"/{field}")
    code = given.get("kle_code")
    if code is not None and not (await settings_now(session, actor)).case.uses(code):
        raise invalid("/kle_code", "kle-code-not-used", "kle-code-not-used")
    if "folder_id" not in given:
        return dict(given)
    folder_id, path = given["folder_id"], []
    if folder_id is not None:
        path = (await folders.of_case(session, actor, case_id, folder_id, "/folder_id")).path
    return {**given, "path": path}


async def _of_the_family(
    session: Transaction, actor: Actor, family_id: UUID, members: Sequence[UUID], pointer: str
) -> None:
    """Raises Invalid unless all are of the family, and for a citizen one's own: the same answer to both."""
    values = {**actor.parameters, "family_id": family_id, "members": list(members)}
    if members and len(await session.rows(OF_FAMILY, values)) < len(members):
        raise invalid(pointer, "member-not-in-family", "member-not-in-family")


def owner(actor: Actor, case: Row, wanted: UUID | None) -> UUID:
    """The department that made or received it: a professional's own; the case's for what the family brings.

    Raises Invalid where it must be said which, and for a department that is not the actor's.
    """
    if actor.kind == "citizen":
        if wanted is not None:
            raise invalid("/owner_department_id", "not-here")
        found: UUID = case.owner_department_id
        return found
    if wanted is None:
        if len(actor.departments) != 1:
            raise invalid("/owner_department_id", "required")
        return actor.departments[0]
    if wanted not in actor.departments:
        raise invalid("/owner_department_id", "not-your-department", "not-your-department")
    return wanted


async def may_leave(session: Transaction, actor: Actor, document: Row, folder_id: UUID | None) -> None:
    """What the family keeps to itself, staff move only to where it is kept too. Raises Conflict."""
    if actor.kind == "citizen" or not await folders.explicit(session, actor, document.folder_id):
        return
    if not await folders.explicit(session, actor, folder_id):
        raise Conflict("folder-explicit-only")
