"""The contents that a document has had: the current one is for whoever reads the document."""

from dataclasses import replace

from sqlalchemy import bindparam
from sqlalchemy import case as when

from app.db import columns, table_of
from app.models import Case, Document, DocumentVersion
from app.policy.actor import ACTOR
from app.policy.cases import joined
from app.policy.core import Policy
from app.policy.documents import (
    BY_SHARE,
    DOWNLOADING,
    READ,
    acts_for_document_owner,
    covering,
    document,
    documents,
    maker,
    owner_department,
    uploaded_by_reader,
)
from app.policy.rules import Expression, Grants, rule, word

version = columns(DocumentVersion)


@rule
def current_content() -> Expression:
    """It is the content of today; what was before it is for the owner department, and for who uploaded the document.

    The former was neither reviewed nor consented to as what is shared now, and may show what was taken out.
    """
    service = (ACTOR.kind == word("service")) & acts_for_document_owner.holds
    return (version.number == document.version) | uploaded_by_reader.holds | owner_department.holds | service


CONTENTS: Grants = {kind: replace(grant, require=(*grant.require, current_content)) for kind, grant in READ.items()}

document_versions = Policy(
    name="document_version",
    table=table_of(DocumentVersion),
    source=joined(
        joined(
            joined(table_of(DocumentVersion), table_of(Document), version.document_id), table_of(Case), version.case_id
        ),
        maker,
        version.created_by,
        outer=True,
    ),
    columns={
        **{column.name: column for column in version if column.name != "municipality_id"},
        "created_by_name": when((maker.c.kind == "professional", maker.c.name)),
        "title": document.title,
    },
    read=CONTENTS,
    actions={"download": DOWNLOADING},
    filters={
        "document_id": version.document_id == bindparam("document_id"),
        "number": version.number == bindparam("number"),
    },
    case_id=version.case_id,
    basis_id=covering(),
    on_basis=BY_SHARE,
    scope="document_id",
    parent=documents,
    unlocked=frozenset({"read", "download"}),
)
