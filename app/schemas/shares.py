"""Shares on the wire."""

from uuid import UUID

from pydantic import ConfigDict, Field

from app.schemas.base import In, Moment, Out, PageQuery, Text
from app.schemas.codes import RecipientKind, SharePurpose
from app.schemas.consents import RecipientIn


class ShareIn(In):
    """Show one document, or one folder, to one recipient for one purpose. It takes a basis in force (R281, R300)."""

    recipient: RecipientIn
    purpose: SharePurpose

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "recipient": {"kind": "user", "id": "019a9f2e-7c10-7d3a-9c55-0c6a4c1b7a05"},
                    "purpose": "assessment",
                }
            ]
        }
    )


class ShareRevocation(In):
    """Why it is shared no longer."""

    reason: Text

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "Udredningen er færdig."}]})


class ShareOut(Out):
    """A share. It opens nothing by itself: a consent or a statutory basis in force does, asked at every reading."""

    id: UUID
    case_id: UUID
    document_id: UUID | None
    folder_id: UUID | None
    title: str = Field(description="Of the document, or the name of the folder.")
    recipient_kind: RecipientKind
    recipient_id: UUID
    recipient_name: str | None
    purpose: SharePurpose
    bases: list[UUID] = Field(
        description="The consents and statutory bases that made it lawful when it was made (R301)."
    )
    created_at: Moment
    created_by: UUID
    created_by_name: str | None = Field(description="Of a professional; null where somebody of the family shared it.")
    revoked_at: Moment | None
    revoked_by: UUID | None
    revoke_reason: str | None


class ShareQuery(PageQuery):
    current: bool | None = Field(None, description="true: those that stand; false: those that were revoked.")


class CaseShareQuery(ShareQuery):
    recipient_id: UUID | None = None
