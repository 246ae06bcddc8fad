"""What the family is told later: looks that a statutory basis opened, and shares made on it, before its notice (R292).

What speaks of the basis itself, or of the share, is silent by their own policies; here are the looks at documents that
the family may read, and the attempts that came to nothing.
"""

from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from app.db import columns, table_of
from app.models import Basis, Share
from app.policy.actor import ACTOR
from app.policy.rules import UUID_TYPE, Expression, is_one, mine, some
from app.policy.sharing import notice_pending

basis, share = columns(Basis), columns(Share)


def pending_in(case_id: ColumnElement[Any]) -> ColumnElement[Any]:
    """The statutory bases of the case of which the family has not been told yet, as an array."""
    rows = select(basis.id).where(mine(table_of(Basis)), basis.case_id == case_id, notice_pending())
    return func.array(rows.correlate_except(table_of(Basis)).scalar_subquery(), type_=ARRAY(UUID_TYPE))


def looked_before_notice(
    bases: ColumnElement[Any], on_statute: ColumnElement[Any], pending: ColumnElement[Any]
) -> Expression:
    """The look was opened by what is `pending`.

    A look is opened by one basis for each subject of a document, of which the log names the first: where it was opened
    by statute, any that is pending in the case keeps it back.
    """
    return func.coalesce(bases.overlap(pending) | (on_statute & (func.cardinality(pending) > 0)), False)


def untold(entry: Any, case_id: ColumnElement[Any]) -> Expression:
    """The row of the log would tell of a basis before its notice, or of what another tried in vain to make."""
    pending = pending_in(case_id)
    then = (share.case_id == case_id) & (share.created_at == entry.c.at) & (share.created_by == entry.c.actor_id)
    shared = is_one(entry.c.action, "share", "share_folder") & some(table_of(Share), then, share.bases.overlap(pending))
    making = is_one(entry.c.action, "use_statute", "make_statement", "draft_consent")
    tried = making & is_one(entry.c.outcome, "refused", "failed") & (entry.c.actor_id != ACTOR.user)
    return looked_before_notice(entry.c.bases, entry.c.on_statute, pending) | shared | tried
