"""Rows that tests of sharing begin from, put there directly: documents, folders, and bases in force or not."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import insert, update

from app.db import Base, Database, new_id, table_of
from app.models import Basis, Document, DocumentVersion, Folder, LegalReference, Share, Signature
from tests.worlds import FamilyOf, World


def now() -> datetime:
    return datetime.now(UTC)


class Arranged:
    """A family, its case, and short ways to what lies in it."""

    def __init__(self, world: World, owner: Database, family: FamilyOf, case: Mapping[str, Any]) -> None:
        self.world, self.owner, self.family, self.case = world, owner, family, case

    @classmethod
    async def begin(cls, world: World, owner: Database, **more: Any) -> "Arranged":
        family = await world.family()
        return cls(world, owner, family, await world.allocated(family, **more))

    async def put(self, model: type[Base], **values: Any) -> UUID:
        row = {"municipality_id": self.world.municipality, "id": new_id(), **values}
        async with self.owner.transaction(self.world.municipality) as session:
            await session.execute(insert(table_of(model)).values(row))
        id: UUID = row["id"]
        return id

    async def set(self, model: type[Base], id: UUID, **values: Any) -> None:
        table = table_of(model)
        async with self.owner.transaction(self.world.municipality) as session:
            await session.execute(update(table).where(table.c.id == id).values(**values))

    def members(self, *who: str) -> list[UUID]:
        return [UUID(self.family.members[one]) for one in who]

    async def folder(
        self, name: str = "Udredning", *, within: Sequence[UUID] = (), explicit_only: bool = False
    ) -> UUID:
        id = new_id()
        return await self.put(
            Folder,
            id=id,
            case_id=UUID(self.case["id"]),
            parent_id=within[-1] if within else None,
            path=[*within, id],
            name=name,
            marked_by=[self.world.ids["mother"]] if explicit_only else [],
            created_at=now(),
            created_by=self.world.ids["coordinator"],
        )

    async def document(
        self,
        *about: str,
        owner: str = "handicap",
        category: str = "report",
        relevance: str = "relevant",
        path: Sequence[UUID] = (),
        by: str = "coordinator",
        **more: Any,
    ) -> UUID:
        """A document about these members (the child unless said otherwise), with its first version."""
        reviewed = None if relevance == "unreviewed" else now()
        values = {
            "number": f"D-{uuid4().hex[:10]}",
            "case_id": UUID(self.case["id"]),
            "folder_id": path[-1] if path else None,
            "path": list(path),
            "title": "Udredning fra PPR",
            "category": category,
            "subjects": self.members(*(about or ("child",))),
            "owner_department_id": self.world.departments[owner],
            "placed_at": now() - timedelta(hours=2),
            "described_at": now() - timedelta(hours=2),
            "relevance": relevance,
            "reviewed_at": reviewed,
            "author_only": False,
            "version": 1,
            "created_at": now(),
            "created_by": self.world.ids[by],
        }
        id = await self.put(Document, **{**values, **more})
        await self.put(
            DocumentVersion,
            document_id=id,
            case_id=UUID(self.case["id"]),
            number=1,
            file_name="udredning.pdf",
            media_type="application/pdf",
            size=4,
            sha256="0" * 64,
            storage_key=uuid4().hex,
            created_at=now(),
            created_by=self.world.ids[by],
        )
        return id

    async def basis(
        self,
        about: str = "child",
        *,
        to: Mapping[UUID, str],
        kind: str = "consent",
        state: str = "active",
        purpose: str = "assessment",
        categories: Sequence[str] = ("report",),
        hours: float = 24,
        **more: Any,
    ) -> UUID:
        """A basis for these recipients (id → kind), in force for so many hours unless its state says otherwise."""
        active = state == "active"
        reference = await self.reference() if kind == "statute" else None
        values = {
            "kind": kind,
            "case_id": UUID(self.case["id"]),
            "subject_id": UUID(self.family.members[about]),
            "purpose": purpose,
            "state": state,
            "recipients": list(to),
            "recipient_kinds": list(to.values()),
            "categories": list(categories),
            "folders": [],
            "documents": [],
            "covers_later": False,
            "sources": [],
            "source_kinds": [],
            "text": "Vi må dele udredningen.",
            "language": "da",
            "expires_on": (now() + timedelta(days=100)).date(),
            "signers": self.members("mother", "father"),
            "heard": [],
            "active_from": now() - timedelta(hours=1) if active else None,
            "active_until": now() + timedelta(hours=hours) if active else None,
            "requested_at": None if state == "draft" else now() - timedelta(hours=1),
            "created_at": now() - timedelta(hours=1),
            "created_by": self.world.ids["coordinator"],
            "legal_reference_id": reference,
            "reason": "Pligt til at underrette" if kind == "statute" else None,
        }
        return await self.put(Basis, **{**values, **more})

    async def reference(self) -> UUID:
        return await self.put(
            LegalReference,
            code=uuid4().hex[:8],
            use="share",
            title="Deling uden samtykke",
            citation="§ 1",
            valid_from=now().date(),
            created_at=now(),
        )

    async def signed(self, basis: UUID, who: str, answer: str = "approved") -> None:
        await self.put(
            Signature,
            basis_id=basis,
            member_id=UUID(self.family.members[who]),
            answer=answer,
            given="digital",
            signed_at=now(),
            recorded_by=self.world.ids["coordinator"],
        )

    async def end(self, basis: UUID, state: str = "withdrawn") -> None:
        """Its range is empty from now on."""
        then = now() - timedelta(hours=1)
        await self.set(Basis, basis, state=state, active_from=then, active_until=then)

    def user(self, who: str) -> dict[UUID, str]:
        return {self.world.ids[who]: "user"}

    def department(self, key: str) -> dict[UUID, str]:
        return {self.world.departments[key]: "department"}

    async def share(self, document: UUID, to: Mapping[UUID, str], who: str = "coordinator", **more: Any) -> Any:
        """The document shared by somebody, through HTTP."""
        ((id, kind),) = to.items()
        body = {"recipient": {"kind": kind, "id": str(id)}, "purpose": "assessment", **more}
        return await self.world.post(who, f"/v1/documents/{document}/shares", body)

    async def status(self, who: str, document: UUID) -> int:
        """How it is answered when somebody reads the document."""
        return (await self.world.get(who, f"/v1/documents/{document}/shares")).status_code

    async def put_share(self, document: UUID, to: Mapping[UUID, str], purpose: str = "assessment") -> UUID:
        """A share that stands, whatever it rests on."""
        ((id, kind),) = to.items()
        return await self.put(
            Share,
            case_id=UUID(self.case["id"]),
            document_id=document,
            recipient_kind=kind,
            recipient_id=id,
            purpose=purpose,
            bases=[],
            created_at=now(),
            created_by=self.world.ids["coordinator"],
        )
