"""The folders of a case: for those inside it and the family. What lies in them is judged by itself."""

from sqlalchemy import bindparam

from app.db import columns, table_of
from app.models import Case, Folder
from app.policy.cases import ADVISERS, CONTENT, FAMILY, case, cases, in_case
from app.policy.core import Policy

folder = columns(Folder)

folders = Policy(
    name="folder",
    table=table_of(Folder),
    source=in_case(table_of(Folder)),
    columns={
        **{column.name: column for column in folder if column.name not in {"municipality_id", "path"}},
        "path": folder.path,
        "sealed": case.sealed,
        "case_state": case.state,
        "family_id": case.family_id,
    },
    read=CONTENT,
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
