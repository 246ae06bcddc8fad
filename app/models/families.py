"""A family: the child, the adults, and who has custody of whom (R20–R22)."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, TenantRow, within


class Family(TenantRow, Base):
    """A family as one department registered it. It has no name of its own: its members have."""

    __tablename__ = "families"
    owner_department_id: Mapped[UUID]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID]
    __table_args__ = (
        within("departments", "owner_department_id"),
        within("users", "created_by"),
        Index("ix_families_owner_department", "municipality_id", "owner_department_id"),
        Index("ix_families_created_by", "municipality_id", "created_by"),
    )


class Member(TenantRow, Base):
    """A child or an adult of the family, or a person of its network (R23); `user_id` when the person can sign in.

    The CPR number is optional, encrypted, and found only by its keyed index (P16). With `address_protected` address and
    numbers are hidden from everybody but the person and the coordinator, from the other parent too.
    """

    __tablename__ = "members"
    family_id: Mapped[UUID]
    kind: Mapped[str]
    relation: Mapped[str]
    name: Mapped[str]
    birth_date: Mapped[date | None]
    phone: Mapped[str | None]
    email: Mapped[str | None]
    capability_notes: Mapped[str | None]
    user_id: Mapped[UUID | None]
    login_changed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    address: Mapped[str | None]
    address_protected: Mapped[bool] = mapped_column(server_default="false")
    employment: Mapped[str | None]
    """An adult's place on the labour market (R35): content."""
    named_by: Mapped[UUID | None]
    """The member of the family who named this person of the network (R23)."""
    cpr_cipher: Mapped[bytes | None]
    cpr_index: Mapped[str | None]
    cpr_masked: Mapped[str | None]
    __table_args__ = (
        within("families", "family_id"),
        within("users", "user_id"),
        within("members", "named_by"),
        CheckConstraint("kind in ('child', 'adult', 'network')", name="kind"),
        CheckConstraint("kind <> 'child' or birth_date is not null", name="child_birth_date"),
        CheckConstraint("(cpr_cipher is null) = (cpr_index is null)", name="cpr"),
        CheckConstraint("(cpr_cipher is null) = (cpr_masked is null)", name="cpr_masked"),
        CheckConstraint("named_by is null or kind = 'network'", name="named_by"),
        Index("ix_members_cpr", "municipality_id", "cpr_index"),
        Index("uq_members_cpr", "municipality_id", "family_id", "cpr_index", unique=True),
        Index("ix_members_named_by", "municipality_id", "named_by"),
        Index("ix_members_family", "municipality_id", "family_id"),
        Index("ix_members_user", "municipality_id", "user_id"),
        Index("uq_members_login", "municipality_id", "family_id", "user_id", unique=True),
    )


class Custody(TenantRow, Base):
    """An adult's custody (forældremyndighed) of a child in a period: of which kind, and where that is known from."""

    __tablename__ = "custodies"
    family_id: Mapped[UUID]
    child_id: Mapped[UUID]
    holder_id: Mapped[UUID]
    source: Mapped[str]
    kind: Mapped[str] = mapped_column(default="joint", server_default="joint")
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID]
    __table_args__ = (
        within("families", "family_id"),
        within("members", "child_id"),
        within("members", "holder_id"),
        within("users", "created_by"),
        CheckConstraint("child_id <> holder_id", name="two_people"),
        CheckConstraint("kind in ('joint', 'sole', 'temporary', 'guardianship')", name="kind"),
        CheckConstraint("valid_until is null or valid_until >= valid_from", name="period"),
        Index("ix_custodies_holder", "municipality_id", "holder_id"),
        Index("ix_custodies_child", "municipality_id", "child_id"),
        Index("ix_custodies_family", "municipality_id", "family_id"),
        Index(
            "uq_custodies_open",
            "municipality_id",
            "child_id",
            "holder_id",
            unique=True,
            postgresql_where="valid_until is null",
        ),
    )


class Relation(TenantRow, Base):
    """How two members are related: `from_id` is the `kind` of `to_id`, such as the mother of a child (R22)."""

    __tablename__ = "relations"
    family_id: Mapped[UUID]
    from_id: Mapped[UUID]
    to_id: Mapped[UUID]
    kind: Mapped[str]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID]
    ended_at: Mapped[datetime | None]
    __table_args__ = (
        within("families", "family_id"),
        within("members", "from_id"),
        within("members", "to_id"),
        within("users", "created_by"),
        CheckConstraint("from_id <> to_id", name="two_people"),
        Index("ix_relations_family", "municipality_id", "family_id"),
        Index(
            "uq_relations_current",
            "municipality_id",
            "from_id",
            "to_id",
            unique=True,
            postgresql_where="ended_at is null",
        ),
    )
