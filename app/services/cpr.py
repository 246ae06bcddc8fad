"""The members' CPR numbers: judged, sealed, opened, and sealed anew under another key (P16, P17)."""

from datetime import date
from typing import Any, Final
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy import func, select, update

from app import cpr
from app.cpr import Number, Vault
from app.db import Database, Transaction, columns, table_of
from app.errors import invalid
from app.models import Member
from app.policy.actor import Actor

BATCH: Final = 500
own = columns(Member)


def judged(wanted: SecretStr, actor: Actor) -> Number:
    """The number that was sent. Raises Invalid, which never says it, when it is none."""
    try:
        return cpr.read(wanted.get_secret_value(), actor.today)
    except ValueError:
        raise invalid("/cpr_number", "cpr-number", "cpr-number") from None


def require_born(number: Number | None, birth_date: date | None, pointer: str) -> None:
    """Raises Invalid when the number is that of somebody born on another day."""
    if number is not None and birth_date is not None and birth_date not in number.births():
        raise invalid(pointer, "cpr-birth-date", "cpr-birth-date")


def sealed(vault: Vault, actor: Actor, id: UUID, number: Number | None) -> dict[str, Any]:
    """The columns of a member's number; None clears them."""
    if number is None:
        return dict.fromkeys(("cpr_cipher", "cpr_index", "cpr_masked"))
    return {
        "cpr_cipher": vault.seal(number, actor.municipality, id),
        "cpr_index": vault.index(number, actor.municipality),
        "cpr_masked": number.masked,
    }


async def kept(session: Transaction, actor: Actor, vault: Vault, id: UUID) -> Number | None:
    """The number of a member that a policy has opened for a change."""
    this = select(own.cpr_cipher).where(own.municipality_id == actor.municipality, own.id == id)
    cipher = (await session.execute(this)).scalar_one()
    return None if cipher is None else vault.open(cipher, actor.municipality, id)


async def rotate(database: Database, vault: Vault) -> int:
    """Encrypt with the first key what another one encrypted, in every municipality; how many. Raises LostKey."""
    done = 0
    for municipality in await database.municipalities():
        while True:
            async with database.transaction(municipality) as session:
                some = await _seal_anew(session, municipality, vault)
            done += some
            if some < BATCH:
                break
    return done


async def _seal_anew(session: Transaction, municipality: UUID, vault: Vault) -> int:
    """The next rows of a municipality; how many."""
    begins = func.substring(own.cpr_cipher, 1, len(vault.current))
    older = (own.municipality_id == municipality, own.cpr_cipher.is_not(None), begins != vault.current)
    some = select(own.id, own.cpr_cipher).where(*older).order_by(own.id).limit(BATCH).with_for_update()
    rows = (await session.execute(some)).all()
    for row in rows:
        cipher = vault.seal(vault.open(row.cpr_cipher, municipality, row.id), municipality, row.id)
        this = update(table_of(Member)).where(own.municipality_id == municipality, own.id == row.id)
        await session.execute(this.values(cpr_cipher=cipher))
    return len(rows)
