"""The folders of a case: for those inside it and the family. What lies in them is judged by itself.

A name tells as much as a title: in a restricted case the folders are closed as the documents are.
"""

from dataclasses import replace

from sqlalchemy import bindparam

from app.db import columns, table_of
from app.models import Case, Folder
from app.policy.cases import ADVISERS, CONTENT, FAMILY, case, cases, in_case
from app.policy.closing import explicit, sealed_case
from app.policy.core import Policy
from app.policy.rules import Grants

folder = columns(Folder)
READ: Grants = {kind: replace(grant, deny=(sealed_case,)) for kind, grant in CONTENT.items()}

folders = Policy(
    name="folder",
    table=table_of(Folder),
    source=in_case(table_of(Folder)),
    columns={
        **{column.name: column for column in folder if column.name != "municipality_id"},
        "explicit_only": explicit(),
        "case_state": case.state,
        "family_id": case.family_id,
    },
    read=READ,
    actions={
        "rename_folder": CONTENT,
        "mark_explicit": {"citizen": FAMILY},
        "share_folder": {"professional": ADVISERS},
    },
    filters={"case_id": folder.case_id == bindparam("case_id")},
    case_id=folder.case_id,
    scope="case_id",
    parent=cases,
    lock=(table_of(Case), folder.case_id),
    newest_first=False,
)
