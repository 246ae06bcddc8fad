"""CPR numbers: which are good ones (P17), and how they are kept (P16). Every number here is made up."""

import base64
import hashlib
import json
import stat
from datetime import date
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from cryptography.exceptions import InvalidTag
from pydantic import SecretStr

from app import cpr, keyring
from app.config import Settings, UnsafeSetup
from app.cpr import Key, LostKey, Number, Vault

TODAY = date(2026, 11, 22)
HERE, THERE = uuid4(), uuid4()

GOOD: dict[str, tuple[date, ...]] = {
    # the number as written: the birth dates that it can stand for, by the civil registry's table of centuries
    "010100-0001": (date(1900, 1, 1),),
    "311299-3999": (date(1999, 12, 31),),
    "010136-4001": (date(2036, 1, 1),),
    "010137-4001": (date(1937, 1, 1),),
    "120416-4123": (date(2016, 4, 12),),
    "1204164123": (date(2016, 4, 12),),
    " 120416-5123 ": (date(2016, 4, 12),),
    "120416-8123": (date(2016, 4, 12),),
    "120416-9123": (date(2016, 4, 12),),
    "120416-0123": (date(1916, 4, 12),),
    "010158-5001": (date(1858, 1, 1),),
    "010199-8001": (date(1899, 1, 1),),
    "010137-9001": (date(1937, 1, 1),),
    "290200-4001": (date(2000, 2, 29),),
    "290204-1000": (date(1904, 2, 29),),
    # fails modulus 11 (as numbers given out since 2007 may)
    "010107-4000": (date(2007, 1, 1),),
    # replacement numbers: 60 is added to the day, and the serial says nothing of the century
    "720416-0000": (date(1816, 4, 12), date(1916, 4, 12), date(2016, 4, 12)),
    "910199-9999": (date(1899, 1, 31), date(1999, 1, 31), date(2099, 1, 31)),
    "890200-1234": (date(2000, 2, 29),),
}
BAD = (
    "", "-", "120416", "120416-", "120416-412", "120416-41234", "12041641234", "120416 4123", "1204-164123",
    "120416--4123", "12.04.16-4123", "120416-412x", "١٢٠٤١٦-٤١٢٣", "120416-41２3", "320116-4001", "000116-4001",
    "011316-4001", "010016-4001", "310416-4001", "290215-4001", "290200-0001", "600116-0001", "920116-0001",
    "910416-0001", "890215-0001", "120416-4123\n1", "DDMMYY-SSSS",
)  # fmt: skip
TO_COME = ("010127-4001", "231126-4001", "010157-5001")


@pytest.mark.parametrize("text", GOOD)
def test_good_numbers_and_their_birth_dates(text: str) -> None:
    found = cpr.read(text, date(2040, 1, 1))
    assert found.births() == GOOD[text]
    assert found.digits == "".join(letter for letter in text if letter.isdigit())


@pytest.mark.parametrize("text", [*BAD, *TO_COME])
def test_what_is_no_number_is_refused_without_being_said(text: str) -> None:
    with pytest.raises(ValueError, match=r"^not a CPR number$"):
        cpr.read(text, TODAY)


def test_somebody_born_today_has_a_number() -> None:
    assert cpr.read("221126-4001", TODAY).births() == (TODAY,)


def test_a_number_shows_itself_masked_only() -> None:
    number = cpr.read("120416-4123", TODAY)
    assert number.masked == "120416-****"
    assert "4123" not in repr(number)


# --- the vault


def key(name: str) -> SecretStr:
    return SecretStr(base64.b64encode(hashlib.sha256(name.encode()).digest()).decode())


def vault(*names: str, index: str = "index") -> Vault:
    return Vault([Key(id=name, key=key(name)) for name in names], key(index))


NUMBER = Number("1204164123")


def test_what_is_sealed_is_unreadable_and_opens_again() -> None:
    member = uuid4()
    sealed = vault("a").seal(NUMBER, HERE, member)
    assert b"1204164123" not in sealed
    assert b"120416" not in sealed
    assert vault("a").open(sealed, HERE, member) == NUMBER


def test_the_same_number_is_never_sealed_alike() -> None:
    member = uuid4()
    assert len({vault("a").seal(NUMBER, HERE, member) for _ in range(100)}) == 100


def test_what_is_sealed_for_one_opens_for_no_other() -> None:
    """Whoever can write to the database cannot move a number to another person or municipality."""
    member = uuid4()
    sealed = vault("a").seal(NUMBER, HERE, member)
    for municipality, person in ((THERE, member), (HERE, uuid4()), (member, HERE)):
        with pytest.raises(InvalidTag):
            vault("a").open(sealed, municipality, person)


def test_what_was_changed_does_not_open() -> None:
    member = uuid4()
    sealed = vault("a").seal(NUMBER, HERE, member)
    for place in range(3, len(sealed)):
        changed = sealed[:place] + bytes((sealed[place] ^ 1,)) + sealed[place + 1 :]
        with pytest.raises(InvalidTag):
            vault("a").open(changed, HERE, member)


def test_a_new_key_comes_first_and_the_old_one_still_opens() -> None:
    member = uuid4()
    old = vault("a").seal(NUMBER, HERE, member)
    both = vault("b", "a")
    assert both.open(old, HERE, member) == NUMBER
    new = both.seal(NUMBER, HERE, member)
    assert new.startswith(both.current)
    assert not old.startswith(both.current)
    assert vault("b").open(new, HERE, member) == NUMBER
    with pytest.raises(LostKey, match=r"^a$"):
        vault("b").open(old, HERE, member)


def test_a_number_is_found_in_its_municipality_by_the_index_key_only() -> None:
    found = vault("a").index(NUMBER, HERE)
    assert found == vault("b").index(NUMBER, HERE)
    assert len(found) == 64
    others = {
        vault("a").index(NUMBER, THERE),
        vault("a", index="another").index(NUMBER, HERE),
        vault("a").index(Number("1204164124"), HERE),
        hashlib.sha256(b"1204164123").hexdigest(),
        vault("a").fingerprint(b"1204164123"),
    }
    assert len(others) == 5
    assert found not in others


def test_the_index_is_the_one_that_is_stored() -> None:
    """Numbers that were stored would not be found again, were the derivation to change."""
    here = UUID("0b8f3a52-6d7e-4f55-9a39-0d2f0c9a7510")
    expected = "41cb1804a2aed834c51528b75b8eeefe833352fba7ca76bcb5f75a6efb136674"
    assert vault("a").index(NUMBER, here) == expected


# --- the keys of the try-out mode


def tryout(data_dir: Path) -> Settings:
    return Settings(mode="tryout", data_dir=data_dir)


def test_the_try_out_keys_are_made_once_for_their_owner_only(tmp_path: Path) -> None:
    member = uuid4()
    sealed = keyring.vault(tryout(tmp_path)).seal(NUMBER, HERE, member)
    assert keyring.vault(tryout(tmp_path)).open(sealed, HERE, member) == NUMBER
    (file,) = tmp_path.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    kept = json.loads(file.read_text())
    assert kept["keys"][0]["key"] != kept["index_key"]


@pytest.mark.parametrize("content", ["", "{}", '{"keys": [], "index_key": "x"}', "[1]"])
def test_damaged_try_out_keys_are_told(content: str, tmp_path: Path) -> None:
    (tmp_path / keyring.TRYOUT_CPR_FILE).write_text(content)
    with pytest.raises(UnsafeSetup, match=r"delete tryout-cpr-keys\.json"):
        keyring.vault(tryout(tmp_path))


def test_production_uses_the_operators_keys() -> None:
    made = Settings(cpr_keys=(Key(id="a", key=key("a")),), cpr_index_key=key("index"))
    assert keyring.vault(made).index(NUMBER, HERE) == vault("a").index(NUMBER, HERE)
