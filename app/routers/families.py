"""Families, their members, how they are related, and custody."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from app.answers import created, many, one
from app.policy import families as policies
from app.routing import CurrentActor, CurrentVault, SearchRoute, Session, if_match
from app.routing import router as routed
from app.schemas.base import PageOut, PageQuery
from app.schemas.families import (
    CustodyEnd,
    CustodyIn,
    CustodyOut,
    FamilyIn,
    FamilyOut,
    Login,
    MemberIn,
    MemberOut,
    MemberPatch,
    MemberSearch,
    RelationIn,
    RelationOut,
    RelationQuery,
)
from app.services import families, relations
from app.wire import Condition

router = routed("families")
searching = routed("families", SearchRoute)


@router.post("/families", status_code=201, response_model=FamilyOut)
async def register_family(wanted: FamilyIn, actor: CurrentActor, session: Session) -> Response:
    """Register a family, in a child disability department where you work."""
    return created(FamilyOut, await families.register(session, actor, wanted), "/v1/families")


@router.get("/families", response_model=PageOut[FamilyOut])
async def list_families(query: Annotated[PageQuery, Query()], actor: CurrentActor, session: Session) -> Response:
    """The families that you may read, newest first."""
    return many(FamilyOut, await policies.families.page(session, actor, **query.wanted()))


@router.get("/families/{family_id}", response_model=FamilyOut)
async def get_family(family_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """One family."""
    return one(FamilyOut, await policies.families.get(session, actor, family_id))


@router.post("/families/{family_id}/members", status_code=201, response_model=MemberOut)
async def add_member(
    family_id: UUID, wanted: MemberIn, actor: CurrentActor, session: Session, vault: CurrentVault
) -> Response:
    """Add a child or an adult to the family, or a person of its network."""
    return created(MemberOut, await families.add_member(session, actor, family_id, wanted, vault), "/v1/members")


@router.get("/families/{family_id}/members", response_model=PageOut[MemberOut])
async def list_members(
    family_id: UUID, query: Annotated[PageQuery, Query()], actor: CurrentActor, session: Session
) -> Response:
    """The family's members that you may read."""
    return many(MemberOut, await policies.members.page(session, actor, family_id=family_id, **query.wanted()))


@router.get("/members/{member_id}", response_model=MemberOut)
async def get_member(member_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """One member of a family."""
    return one(MemberOut, await policies.members.get(session, actor, member_id))


@router.patch("/members/{member_id}", response_model=MemberOut)
async def change_member(
    member_id: UUID,
    wanted: MemberPatch,
    condition: Annotated[Condition, Depends(if_match(MemberOut))],
    actor: CurrentActor,
    session: Session,
    vault: CurrentVault,
) -> Response:
    """Change a member's details."""
    return one(MemberOut, await families.change_member(session, actor, member_id, wanted, vault, condition))


@router.put("/members/{member_id}/login", response_model=MemberOut)
async def bind_login(
    member_id: UUID,
    wanted: Login,
    condition: Annotated[Condition, Depends(if_match(MemberOut))],
    actor: CurrentActor,
    session: Session,
) -> Response:
    """Bind a sign-in to the person, instead of the one before; from the next request on."""
    return one(MemberOut, await families.bind_login(session, actor, member_id, wanted, condition))


@router.delete("/members/{member_id}/login", response_model=MemberOut)
async def unbind_login(
    member_id: UUID,
    condition: Annotated[Condition, Depends(if_match(MemberOut))],
    actor: CurrentActor,
    session: Session,
) -> Response:
    """Take the sign-in from the person; from the next request on."""
    return one(MemberOut, await families.unbind_login(session, actor, member_id, condition))


@searching.post("/members/search", response_model=PageOut[MemberOut])
async def search_members(wanted: MemberSearch, actor: CurrentActor, session: Session, vault: CurrentVault) -> Response:
    """As a professional: the members of exactly this CPR number, where their number is shown to you, masked.

    Others are not found: not by a leader or the core team, who could confirm a number by trying. Strictly limited.
    """
    return many(MemberOut, await families.search(session, actor, wanted, vault))


@router.post("/families/{family_id}/relations", status_code=201, response_model=RelationOut)
async def add_relation(family_id: UUID, wanted: RelationIn, actor: CurrentActor, session: Session) -> Response:
    """Record how two members of the family are related."""
    return created(RelationOut, await relations.relate(session, actor, family_id, wanted), "/v1/relations")


@router.get("/families/{family_id}/relations", response_model=PageOut[RelationOut])
async def list_relations(
    family_id: UUID, query: Annotated[RelationQuery, Query()], actor: CurrentActor, session: Session
) -> Response:
    """How the members are, and were, related: a citizen reads a relation between her own only."""
    return many(RelationOut, await policies.relations.page(session, actor, family_id=family_id, **query.wanted()))


@router.get("/relations/{relation_id}", response_model=RelationOut)
async def get_relation(relation_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """One relation."""
    return one(RelationOut, await policies.relations.get(session, actor, relation_id))


@router.post("/relations/{relation_id}/end", response_model=RelationOut)
async def end_relation(relation_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """They are no longer that to one another."""
    row = await relations.end_relation(session, actor, relation_id)
    return one(RelationOut, row, place=f"/v1/relations/{relation_id}")


@router.post("/families/{family_id}/custodies", status_code=201, response_model=CustodyOut)
async def add_custody(family_id: UUID, wanted: CustodyIn, actor: CurrentActor, session: Session) -> Response:
    """Record that an adult of the family has custody of a child of it."""
    return created(CustodyOut, await families.give_custody(session, actor, family_id, wanted), "/v1/custodies")


@router.get("/families/{family_id}/custodies", response_model=PageOut[CustodyOut])
async def list_custodies(
    family_id: UUID, query: Annotated[PageQuery, Query()], actor: CurrentActor, session: Session
) -> Response:
    """Who has, and has had, custody of whom."""
    return many(CustodyOut, await policies.custodies.page(session, actor, family_id=family_id, **query.wanted()))


@router.get("/custodies/{custody_id}", response_model=CustodyOut)
async def get_custody(custody_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """One custody."""
    return one(CustodyOut, await policies.custodies.get(session, actor, custody_id))


@router.patch("/custodies/{custody_id}", response_model=CustodyOut)
async def end_custody(
    custody_id: UUID,
    wanted: CustodyEnd,
    condition: Annotated[Condition, Depends(if_match(CustodyOut))],
    actor: CurrentActor,
    session: Session,
) -> Response:
    """Set the first day without custody."""
    return one(CustodyOut, await families.end_custody(session, actor, custody_id, wanted, condition))
