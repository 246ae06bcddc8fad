"""The settings: changed, and in words what each one means and is set to, and what a change of them changed (R461)."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import ValidationError

from app.db import Transaction
from app.errors import Invalid, flaws
from app.models import SettingsVersion
from app.policy import municipalities as policies
from app.policy.actor import Actor
from app.policy.core import Page
from app.schemas.municipalities import MunicipalityPatch
from app.schemas.settings import MunicipalitySettings, merged
from app.schemas.settings.explained import SETTINGS, Setting, value_at
from app.services import settling
from app.services.catalogue import Language, label, labels, setting_words
from app.services.events import emit
from app.services.municipalities import administering, show
from app.services.rows import add
from app.wire import Condition

CHOICES: Final = tuple(one for one in SETTINGS if not one.section)
DEFAULT: Final = MunicipalitySettings().model_dump(mode="json")
OPTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "case.default_model": ("case_model",),
    "team.creator_roles": ("user_role", "assignment_role"),
    "meeting.kinds": ("meeting_kind",),
    "cadence.rules.category": ("cadence_category",),
    "cadence.rules.unit": ("cadence_unit",),
    "funding.voters.roles": ("assignment_role",),
    "funding.voters.professions": ("profession",),
}
"""The enumerations whose words the options of a setting have."""


async def configure(
    session: Transaction, actor: Actor, wanted: MunicipalityPatch, condition: Condition
) -> dict[str, Any]:
    """Change settings: a new version; the old ones are kept, with who changed them and why (R461).

    What changes nothing makes no version. Where they decide who signs, open consents are settled by them at once, or by
    the worker where they are many (X24). Administrators only. Raises Invalid, naming the setting, when the settings
    would not go together.
    """
    condition.demand()
    await administering(session, actor)
    current = await show(session, actor)
    condition.check(current)
    before = MunicipalitySettings.model_validate(current["settings"])
    try:
        settings = merged(before, wanted.settings.document())
    except ValidationError as error:
        raise Invalid(None, *flaws(error.errors(include_input=False, include_url=False), "/settings")) from None
    if settings == before:
        return current
    values = {"version": current["version"] + 1, "document": settings.model_dump(mode="json")}
    stamped = {"changed_at": actor.at, "changed_by": actor.user, "reason": wanted.reason}
    id = await add(session, actor, SettingsVersion, **values, **stamped)
    await emit(session, actor, "settings.changed", id)
    if settings.consent != before.consent:
        await settling.by_settings(session, actor)
    return await show(session, actor)


async def explained(session: Transaction, actor: Actor) -> list[dict[str, Any]]:
    """Each setting with its meaning in the reader's language, its value here, and what it is when nobody chose."""
    current = _whole((await show(session, actor))["settings"])
    return [
        {
            **_described(one, actor.language),
            "in_effect": one.in_effect,
            "section": _section(one.key, actor.language),
            "value": (value := value_at(current, one.key)),
            "default": (default := value_at(DEFAULT, one.key)),
            "changed": value != default,
            "parts": [_described(part, actor.language) for part in one.parts],
        }
        for one in CHOICES
    ]


async def history(session: Transaction, actor: Actor, **page: Any) -> tuple[list[dict[str, Any]], Page]:
    """Every version of the settings, newest first, each with what it changed."""
    found = await policies.settings_versions.page(session, actor, **page)
    return [{**row._mapping, "changes": list(_changes(row.previous, row.document))} for row in found.items], found


def _changes(before: Any, after: Any) -> Iterator[dict[str, Any]]:
    """What two versions set differently; the first version changed nothing."""
    former, later = _whole(after if before is None else before), _whole(after)
    for one in CHOICES:
        was, became = value_at(former, one.key), value_at(later, one.key)
        if was != became:
            yield {"key": one.key, "before": was, "after": became}


def _whole(document: Any) -> dict[str, Any]:
    """The document with every key of today: what it does not know yet has its default."""
    return MunicipalitySettings.model_validate(document).model_dump(mode="json")


def _described(one: Setting, language: Language) -> dict[str, Any]:
    words = {"title": one.title, "description": one.description} if language == "en" else dict(setting_words()[one.key])
    if not one.in_effect:
        words["description"] += " " + label("setting_note", "no_effect", language)
    return {
        "key": one.key,
        **words,
        "type": one.type,
        "options": one.options,
        "option_labels": one.options and {code: _word(one.key, code, language) for code in one.options},
        "minimum": one.minimum,
        "maximum": one.maximum,
    }


def _word(key: str, option: str, language: Language) -> str:
    """The word for an option; the code itself where no enumeration has it."""
    known = (labels()[name] for name in OPTIONS.get(key, ()))
    return next((words[option][language] for words in known if option in words), option)


def _section(key: str, language: Language) -> str | None:
    """The title of the section that the setting stands in."""
    above = key.rpartition(".")[0]
    return next((_described(one, language)["title"] for one in SETTINGS if one.key == above), None)
