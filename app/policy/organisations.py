"""Outside organisations and the persons to turn to there (R18, R24): a registry for those who work here."""

from sqlalchemy import TEXT, any_, bindparam, cast, func
from sqlalchemy.dialects.postgresql import ARRAY

from app.db import columns, table_of
from app.models import ContactPerson, Organisation
from app.policy.cases import joined
from app.policy.core import Policy
from app.policy.municipalities import KEEPING_PARTNERS, STAFF_AND_SERVICES

organisation, person = columns(Organisation), columns(ContactPerson)


organisations = Policy(
    name="organisation",
    table=table_of(Organisation),
    columns={column.name: column for column in organisation if column.name != "municipality_id"},
    read=STAFF_AND_SERVICES,
    actions={"keep_partners": KEEPING_PARTNERS},
    filters={
        "kind": organisation.kind == bindparam("kind"),
        "theme": func.lower(bindparam("theme", type_=TEXT))
        == any_(cast(func.lower(cast(organisation.themes, TEXT)), ARRAY(TEXT()))),
        "active": organisation.active == bindparam("active"),
    },
    personal=False,
    newest_first=False,
)

contact_persons = Policy(
    name="contact_person",
    table=table_of(ContactPerson),
    source=joined(table_of(ContactPerson), table_of(Organisation), person.organisation_id),
    columns={
        **{column.name: column for column in person if column.name != "municipality_id"},
        "organisation_name": organisation.name,
    },
    read=STAFF_AND_SERVICES,
    actions={"keep_partners": KEEPING_PARTNERS},
    filters={
        "organisation_id": person.organisation_id == bindparam("organisation_id"),
        "active": person.active == bindparam("active"),
    },
    scope="organisation_id",
    parent=organisations,
    newest_first=False,
)
