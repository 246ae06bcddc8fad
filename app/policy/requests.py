"""Information requests (R42, R282, R317): for those inside the case, the department that is asked, and the family."""

from sqlalchemy import BOOLEAN, any_, bindparam, func
from sqlalchemy.dialects.postgresql import ARRAY

from app.db import columns, table_of
from app.models import Basis, Case, Document, InformationRequest, Member, User
from app.policy.actor import ACTOR
from app.policy.cases import (
    ADVISERS,
    INSIDE,
    buddy_of_case,
    case,
    cases,
    children_in_custody,
    coordinator_of_case,
    core_team_member,
    in_case,
    joined,
)
from app.policy.core import Policy
from app.policy.documents import REACH, acting_for_themselves, in_force
from app.policy.documents import READ as READ_DOCUMENT
from app.policy.rules import UUID_TYPE, Expression, Grant, Grants, rule, some, those
from app.policy.sharing import notice_pending, recipient_name

table, request, basis = table_of(InformationRequest), columns(InformationRequest), columns(Basis)
subject, asker = table_of(Member).alias("subject"), table_of(User).alias("asker")


@rule
def asked_of_reader() -> Expression:
    """The information is asked of a department where the reader works: opens the request, and no more of the case."""
    return (request.holder_kind == "department") & (request.holder_id == any_(ACTOR.departments))


@rule
def asked_of_reader_on_a_basis() -> Expression:
    """It is asked of a department where the reader works, and what makes it lawful to obtain it is in force now."""
    right = (basis.case_id == request.case_id) & (basis.subject_id == request.subject_id)
    right &= (basis.purpose == request.purpose) & (request.category == any_(basis.categories))
    covered = some(table_of(Basis), right, request.holder_id == any_(basis.sources), in_force())
    return asked_of_reader.holds & covered


@rule
def asked_by_reader() -> Expression:
    """The reader asked for it, and works on the case now."""
    inside = coordinator_of_case.holds | buddy_of_case.holds | core_team_member.holds
    return (request.created_by == ACTOR.user) & inside


@rule
def receives_for_organisation() -> Expression:
    """It is asked of an outside organisation, and the reader works on the case: what comes from there is put in."""
    inside = coordinator_of_case.holds | buddy_of_case.holds | core_team_member.holds
    return (request.holder_kind == "organisation") & inside


@rule
def asked_about_me_or_my_child() -> Expression:
    """It is about the reader, old enough to act for herself, or about a child in the reader's custody today."""
    return (request.subject_id == any_(acting_for_themselves())) | (request.subject_id == children_in_custody())


@rule
def family_told_of_request() -> Expression:
    """No notice to the family about what made it lawful to ask is still delayed."""
    return ~some(table_of(Basis), basis.id == request.basis_id, notice_pending())


FAMILYS = Grant(require=(family_told_of_request,), allow=(asked_about_me_or_my_child,))
KNOWING: Grants = {"professional": Grant(allow=(*INSIDE.allow, asked_of_reader_on_a_basis)), "citizen": FAMILYS}
"""Who reads what is asked about whom: the department that is asked only while it may answer."""
ANSWER: Grants = {kind: grant for kind, grant in READ_DOCUMENT.items() if kind != "citizen"}
"""What came. The family finds it among its documents: a gap here would tell that it is withheld."""
ASKED: Grants = {"professional": Grant(allow=(asked_of_reader, receives_for_organisation))}

information_requests = Policy(
    name="information_request",
    table=table,
    judged_on=in_case(table),
    source=joined(
        joined(joined(in_case(table), subject, request.subject_id), asker, request.created_by),
        table_of(Document),
        request.document_id,
        outer=True,
    ),
    columns={
        **{column.name: column for column in request if column.name != "municipality_id"},
        "subject_name": subject.c.name,
        "subject_birth_date": subject.c.birth_date,
        "holder_name": recipient_name(request.holder_kind, request.holder_id),
        "created_by_name": asker.c.name,
        "overdue": (request.status == "requested") & (request.due_on < ACTOR.today),
        "case_number": case.number,
        "case_state": case.state,
        "case_sealed": case.sealed,
        "case_child_id": case.child_id,
        "case_department_id": case.owner_department_id,
    },
    read={"professional": Grant(allow=(*INSIDE.allow, asked_of_reader)), "citizen": FAMILYS},
    actions={
        "change_request": {"professional": Grant(allow=(asked_by_reader, *ADVISERS.allow))},
        "cancel_request": {"professional": Grant(allow=(asked_by_reader, *ADVISERS.allow))},
        "decline_request": {"professional": Grant(allow=(*INSIDE.allow, asked_of_reader))},
        "fulfil_request": ASKED,
    },
    filters={
        "case_id": request.case_id == bindparam("case_id"),
        "case_ids": request.case_id == any_(bindparam("case_ids", type_=ARRAY(UUID_TYPE))),
        "subject_id": request.subject_id == bindparam("subject_id"),
        "status": request.status == bindparam("status"),
        "open": (request.status == "requested") == bindparam("open", type_=BOOLEAN),
        "overdue": ((request.status == "requested") & (request.due_on < ACTOR.today))
        == bindparam("overdue", type_=BOOLEAN),
        "remind_due": ((request.status == "requested") & func.coalesce(request.remind_on <= ACTOR.today, False))
        == bindparam("remind_due", type_=BOOLEAN),
        "asked_of_mine": asked_of_reader.holds == bindparam("asked_of_mine", type_=BOOLEAN),
        "holder_ids": request.holder_id == any_(bindparam("holder_ids", type_=ARRAY(UUID_TYPE))),
        "overdue_by": (request.created_by == bindparam("overdue_by"))
        & (request.status == "requested")
        & (request.due_on < ACTOR.today),
    },
    veiled={
        **dict.fromkeys(("subject_name", "subject_birth_date", "what", "why", "closing_note"), KNOWING),
        "case_number": {"professional": INSIDE, "citizen": FAMILYS},
        "document_id": ANSWER,
    },
    case_id=request.case_id,
    member_id=request.subject_id,
    narrow=frozenset({"case_ids", "holder_ids", "overdue_by"}),
    reach={
        "professional": func.array_cat(
            REACH["professional"],
            those(request.case_id, asked_of_reader.holds).element,
            type_=ARRAY(UUID_TYPE),
        ),
        "citizen": REACH["citizen"],
    },
    scope="case_id",
    parent=cases,
    lock=(table_of(Case), request.case_id),
)
