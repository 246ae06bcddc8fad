"""Which consent or statutory basis opened what was seen: named shortly, to those who may know of it (P9)."""

from typing import Any

from sqlalchemy import DATE, ColumnElement, any_, cast, func, literal_column, or_, select
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by

from app.db import columns, table_of
from app.models import Basis, LegalReference
from app.policy.actor import ACTOR
from app.policy.consents import consents, statutory_bases
from app.policy.rules import mine, probed

basis, reference = columns(Basis), columns(LegalReference)


def grounds(entry: Any) -> ColumnElement[Any]:
    """As JSON, the bases beside a row of the log, of those in its case that a citizen may read; the auditor sees all.

    Each with its purpose, the day in Copenhagen from which it counts, and for a statutory basis where the law stands.
    """
    since = func.timezone(literal_column("'Europe/Copenhagen'"), func.coalesce(basis.active_from, basis.requested_at))
    one = func.jsonb_build_object(
        *("id", basis.id),
        *("kind", basis.kind),
        *("purpose", basis.purpose),
        *("since", cast(since, DATE)),
        *("citation", reference.citation),
    )
    own, law = table_of(Basis), table_of(LegalReference)
    its = (reference.municipality_id == basis.municipality_id) & (reference.id == basis.legal_reference_id)
    readable = or_(*(probed(policy.grant("citizen", "read").where) for policy in (consents, statutory_bases)))
    rows = (
        select(func.jsonb_agg(aggregate_order_by(one, basis.id)))
        .select_from(own.join(law, its, isouter=True))
        .where(mine(own), basis.id == any_(entry.c.bases), basis.case_id == entry.c.case_id)
        .where((ACTOR.kind != "citizen") | readable)
        .correlate_except(own, law)
    )
    return func.coalesce(rows.scalar_subquery(), func.jsonb_build_array(), type_=JSONB)
