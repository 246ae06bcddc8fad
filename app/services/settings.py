"""The settings in words: what each one means and is set to, and what a change of them changed (R461)."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from app.db import Transaction
from app.policy import municipalities as policies
from app.policy.actor import Actor
from app.policy.core import Page
from app.schemas.settings import MunicipalitySettings
from app.schemas.settings.explained import SETTINGS, Setting, value_at
from app.services.catalogue import Language, label, labels, setting_words
from app.services.municipalities import show

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
