"""What ships with the product as data: the models' step templates (R38), the labels of every code (R463), and what the
law says by default: who must sign a consent, and the legal references.

Read once per process from the package `app.templates` and never changed afterwards. No database, no actor: nothing
here is about a person. A file that is malformed is refused when it is first read, not when a code is looked up.
"""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Annotated, Any, Literal, get_args

import yaml
from pydantic import Field, StringConstraints, TypeAdapter

from app.schemas.consents import SignerRow
from app.schemas.legal_references import ShippedReference
from app.schemas.step_templates import StepTemplateDocument, TemplateModel

Language = Literal["da", "en"]
Words = Mapping[str, Mapping[str, str]]
Labels = Mapping[str, Words]

_STEP = re.compile(r"step-([0-9]+)")

_Word = Annotated[str, StringConstraints(strict=True, strip_whitespace=True, min_length=1)]
_InEveryLanguage = Annotated[dict[Language, _Word], Field(min_length=len(get_args(Language)))]
_CATALOGUE: TypeAdapter[dict[str, dict[str, _InEveryLanguage]]] = TypeAdapter(
    dict[_Word, dict[_Word, _InEveryLanguage]]
)
_Explained = Annotated[dict[Literal["title", "description"], _Word], Field(min_length=2)]
_WORDS: TypeAdapter[dict[str, _Explained]] = TypeAdapter(dict[_Word, _Explained])
_SIGNERS = TypeAdapter(tuple[SignerRow, ...])
_REFERENCES = TypeAdapter(tuple[ShippedReference, ...])


@cache
def shipped_template(model: TemplateModel) -> StepTemplateDocument:
    """The template a municipality starts from. KeyError for a model that ships without one."""
    if model not in get_args(TemplateModel):
        raise KeyError(model)
    return StepTemplateDocument.model_validate(_document("app.templates.steps", f"{model}.yaml"))


@cache
def signer_rows() -> tuple[SignerRow, ...]:
    """Who must sign a consent, by subject, category and age (X24)."""
    return _SIGNERS.validate_python(_document("app.templates", "signers.yaml"))


@cache
def shipped_references() -> tuple[ShippedReference, ...]:
    """The legal references that a municipality starts with."""
    return _REFERENCES.validate_python(_document("app.templates", "legal-references.yaml"))


@cache
def setting_words() -> Words:
    """Dotted key of a setting → its title and description in Danish, read-only."""
    return _frozen(_WORDS.validate_python(_document("app.templates", "settings.yaml")))


@cache
def labels() -> Labels:
    """Enumeration → code → {"da": …, "en": …}, read-only all the way down."""
    catalogue = _CATALOGUE.validate_python(_document("app.templates", "labels.yaml"))
    return MappingProxyType({name: _frozen(codes) for name, codes in catalogue.items()})


def label(enumeration: str, code: str, language: str) -> str:
    """The word for a code. KeyError when the enumeration, the code or the language is unknown."""
    return labels()[enumeration][code][language]


def explained(code: str, limits: Mapping[str, str], language: str) -> str:
    """What is wrong with a field, as a sentence with what is allowed there; a general one for an unknown code.

    A flaw can have the code of a problem, or of a guard of a step, and then its words; `step-3` is step 3.
    """
    step = _STEP.fullmatch(code)
    key, known = ("step", {"number": step[1]}) if step else (code, limits)
    words = (labels()[group].get(key) for group in ("flaw", "problem", "step_guard"))
    found = next((each for each in words if each is not None), labels()["flaw"]["invalid"])
    return found[language].format_map(known)


def _frozen(codes: Mapping[str, Mapping[Any, str]]) -> Words:
    return MappingProxyType({code: MappingProxyType(dict[str, str](words.items())) for code, words in codes.items()})


def _document(package: str, name: str) -> object:
    """One shipped YAML file, as plain data."""
    document: object = yaml.safe_load(files(package).joinpath(name).read_text(encoding="utf-8"))
    return document
