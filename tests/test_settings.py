"""The settings of a municipality: strict defaults, honest bounds, and a merge patch that means what it says (R461)."""

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, get_args, get_origin

import pytest
import yaml
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

import app
from app.contract import breaking
from app.schemas import codes, settings
from app.schemas.settings import CadenceRule, MunicipalitySettings, SettingsPatch, merged
from app.schemas.settings.explained import PLANNED, SETTINGS
from app.services.catalogue import setting_words

Document = dict[str, Any]

NORM: Document = {"target": 20, "max": 25, "reason": "Tunge sager", "decided_on": "2026-01-15"}
STRICT: Document = {
    "case": {
        "default_model": "efei",
        "light": True,
        "kle_codes": [],
        "default_kle_code": "27.24.00",
        "stalled_after_days": 42,
        "complex_from_parties": 5,
        "complex_from_sectors": 3,
    },
    "steps": {"blocking": "block"},
    "team": {
        "mode": "mixed",
        "creator_roles": ["professional_head", "coordinator"],
        "paragraph_sets": [],
        "buddy_requires_complexity": True,
    },
    "meeting": {"kinds": ["assessment", "gathering", "network", "status", "other"]},
    "status_meeting": {"family": "none"},
    "status": {"cadence": "interval", "interval_weeks": 1, "mode": "physical_or_video"},
    "analysis_meeting": "optional",
    "analysis": {"externals": "uninvolved_only", "family_allowed": False},
    "network_meeting": {"family_default": True},
    "assessment": {"min_core_team": 2},
    "contact": {"mode": "coordinator_only", "deputy_required": "warn"},
    "cadence": {
        "severity": "warn",
        "rules": [
            {"category": "measure", "every": 6, "unit": "weeks", "tolerance_days": 0},
            {"category": "compensating", "every": 3, "unit": "months", "tolerance_days": 0},
        ],
    },
    "caseload": {"norm": None, "counts": "all"},
    "plan": {"authoring": "any"},
    "child_voice": {"kinds": ["conversation", "observation", "home_visit", "other"], "efei": "warn", "sof": "block"},
    "consent": {
        "joint_rule": "all",
        "default_days": 365,
        "remind_days": 7,
        "youth_age": 15,
        "adult_age": 18,
        "child_voice_age": 10,
        "coordinator_implied": True,
    },
    "funding": {
        "team_can_decide": False,
        "excluded_paragraphs": ["placement"],
        "assessment_required": True,
        "voters": {
            "roles": ["coordinator", "buddy", "member", "ad_hoc_member"],
            "professions": [],
            "municipal_only": True,
            "buddies_as_one": True,
        },
    },
    "access_log": {"names": False},
    "calendar": {"holidays": "dk"},
}
ELSEWHERE: Document = {
    "case": {"default_model": "sof", "light": False},
    "team": {"mode": "fixed", "creator_roles": ["coordinator"], "paragraph_sets": ["Barnets lov §§ 81–90", "§ 32"]},
    "meeting": {"kinds": ["network"]},
    "analysis_meeting": "required",
    "caseload": {"norm": NORM},
    "consent": {"youth_age": 12, "child_voice_age": 8},
    "funding": {"team_can_decide": True, "voters": {"professions": ["psychologist"], "municipal_only": False}},
}


def chosen(*path: str, value: Any) -> Document:
    """A patch of one key."""
    for key in reversed(path):
        value = {key: value}
    return value  # type: ignore[no-any-return]


def flaws(refused: pytest.ExceptionInfo[ValidationError]) -> list[tuple[tuple[int | str, ...], str]]:
    return [(flaw["loc"], flaw["type"]) for flaw in refused.value.errors()]


def fields(model: type[BaseModel], *path: str) -> Iterator[tuple[str, Any]]:
    """Every field of the settings with its dotted path, sections and what is in them; a list is one field."""
    for name, field in model.model_fields.items():
        yield ".".join((*path, name)), field
        kinds = () if get_origin(field.annotation) is tuple else (field.annotation, *get_args(field.annotation))
        for kind in kinds:
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from fields(kind, *path, name)


FIELDS = dict(fields(MunicipalitySettings))
RULE = dict(fields(CadenceRule, "cadence", "rules"))
APP = Path(app.__file__).parent


class TestDefaults:
    def test_a_municipality_that_chose_nothing_is_strict(self) -> None:
        assert MunicipalitySettings().model_dump(mode="json") == STRICT

    @pytest.mark.parametrize("document", [{}, STRICT, ELSEWHERE], ids=["nothing", "strict", "elsewhere"])
    def test_the_round_trip_through_json_is_stable(self, document: Document) -> None:
        made = MunicipalitySettings.model_validate(document)
        stored = made.model_dump(mode="json")
        assert MunicipalitySettings.model_validate(json.loads(json.dumps(stored))) == made
        assert MunicipalitySettings.model_validate_json(made.model_dump_json()) == made
        assert MunicipalitySettings.model_validate(stored).model_dump(mode="json") == stored

    def test_settings_cannot_be_changed(self) -> None:
        made = MunicipalitySettings()
        for change in (lambda: setattr(made, "analysis_meeting", "off"), lambda: setattr(made.team, "mode", "fixed")):
            with pytest.raises(ValidationError):
                change()
        assert hash(made) == hash(MunicipalitySettings())

    def test_an_older_document_takes_defaults_for_what_it_does_not_know(self) -> None:
        older = {key: value for key, value in STRICT.items() if key not in ("calendar", "access_log")}
        assert MunicipalitySettings.model_validate(older) == MunicipalitySettings()


class TestDescription:
    @pytest.mark.parametrize("path", FIELDS | RULE)
    def test_every_field_says_what_it_means(self, path: str) -> None:
        field = (FIELDS | RULE)[path]
        assert field.title
        assert field.description.endswith(".")

    def test_every_tension_has_a_setting_or_a_reason(self) -> None:
        """X1–X34 are settled one by one: a switch names its X, the others are listed with why they have none."""
        described = " ".join(field.description for field in FIELDS.values())
        switched = {int(number) for number in re.findall(r"\bX(\d+)\b", described)}
        fixed = {int(number) for number in re.findall(r"^- X(\d+) ", settings.__doc__ or "", re.M)}
        assert switched | fixed == set(range(1, 35))
        assert switched & fixed == set()

    def test_the_kinds_of_meeting_are_those_of_the_wire(self) -> None:
        assert MunicipalitySettings().meeting_kinds == set(get_args(codes.MeetingKind))


class TestWords:
    """`GET /v1/municipality/settings`: what each setting is called and does, in Danish and English."""

    EVERY: Final = {one.key: one for setting in SETTINGS for one in (setting, *setting.parts)}

    def test_every_setting_is_explained_in_danish_and_no_other(self) -> None:
        assert set(self.EVERY) == {*FIELDS, *RULE} == set(setting_words())

    def test_danish_words_are_sentences_without_numbers_of_rules(self) -> None:
        for key, words in setting_words().items():
            assert words["description"].endswith("."), key
            assert not words["title"].endswith("."), key
            assert not re.search(r"\b[XR]\d", " ".join(words.values())), key

    def test_no_setting_is_written_twice(self) -> None:
        """YAML keeps the last of two equal keys in silence."""
        tree = yaml.compose(files("app.templates").joinpath("settings.yaml").read_text(encoding="utf-8"))
        assert isinstance(tree, yaml.MappingNode)
        assert len({name.value for name, _ in tree.value}) == len(tree.value)

    def test_english_words_are_those_of_the_schema_without_numbers_of_rules(self) -> None:
        assert self.EVERY["team.mode"].title == "Team mode"
        assert not [one for one in self.EVERY.values() if re.search(r"\b[XR]\d", one.description)]

    def test_a_choice_shows_its_options_and_bounds(self) -> None:
        assert self.EVERY["team.mode"].options == ("fixed", "flexible", "mixed")
        assert self.EVERY["team.creator_roles"].options == ("professional_head", "coordinator")
        assert (self.EVERY["consent.youth_age"].minimum, self.EVERY["consent.youth_age"].maximum) == (0, 18)
        assert self.EVERY["access_log.names"].options is None
        parts = [part.key for part in self.EVERY["caseload.norm"].parts]
        assert parts == [f"caseload.norm.{name}" for name in ("target", "max", "reason", "decided_on")]


class TestInEffect:
    """`in_effect` says what is read: a setting that is taken into use leaves the list of the planned ones."""

    CODE: Final = "".join(
        path.read_text("utf-8") for part in ("policy", "services") for path in APP.glob(f"{part}/**/*.py")
    )
    THROUGH: Final = {"meeting.kinds": r"\.meeting_kinds\b", "case.kle_codes": r"\.uses\("}

    def read(self, key: str) -> bool:
        """As an attribute of the settings, in SQL, or by the one method that is made for it."""
        path = key.split(".")
        attribute = r"\." + r"\.".join(path) + r"\b"
        in_sql = r"setting\(" + ", ".join(f'"{name}"' for name in path)
        in_document = "".join(rf'\["{name}"\]' for name in path)
        alone = rf"\bsettings\.{path[-1]}\b" if path[0] == "case" else "(?!)"
        patterns = (attribute, in_sql, in_document, alone, self.THROUGH.get(key, "(?!)"))
        return any(re.search(pattern, self.CODE) for pattern in patterns)

    @pytest.mark.parametrize("key", [one.key for one in SETTINGS if not one.section])
    def test_a_setting_is_in_effect_when_it_is_read(self, key: str) -> None:
        assert self.read(key) is (key not in PLANNED)

    def test_what_is_planned_is_a_setting(self) -> None:
        assert {one.key for one in SETTINGS if not one.section} > PLANNED

    def test_operators_read_which_ones_have_no_effect(self) -> None:
        page = (APP.parent / "docs" / "operators.md").read_text("utf-8")
        told = page.partition("have no effect yet:")[2].partition("\n\n")[0]
        assert set(re.findall(r"`([a-z_.]+)`", told)) == PLANNED


class TestBounds:
    @pytest.mark.parametrize(
        ("path", "value"),
        [
            ("case.default_model", "none"),
            ("case.light", False),
            ("case.kle_codes", ["27.24.00", "27.24.08"]),
            ("case.default_kle_code", "27.27.00"),
            ("case.stalled_after_days", 3650),
            ("case.complex_from_parties", 50),
            ("case.complex_from_sectors", 1),
            ("steps.blocking", "warn"),
            ("team.mode", "flexible"),
            ("team.buddy_requires_complexity", False),
            ("team.creator_roles", ["coordinator"]),
            ("team.paragraph_sets", ["a" * 200, *map(str, range(49))]),
            ("meeting.kinds", ["status", "assessment"]),
            ("status_meeting.family", "combined"),
            ("status.cadence", "by_concern"),
            ("status.interval_weeks", 52),
            ("status.mode", "physical"),
            ("analysis_meeting", "off"),
            ("analysis.externals", "any"),
            ("analysis.family_allowed", True),
            ("network_meeting.family_default", False),
            ("assessment.min_core_team", 10),
            ("contact.mode", "role_agreement"),
            ("contact.deputy_required", "block"),
            ("cadence.severity", "off"),
            ("cadence.rules", []),
            ("caseload.norm", NORM),
            ("caseload.norm", NORM | {"target": 25}),
            ("caseload.counts", "model"),
            ("plan.authoring", "family_and_team"),
            ("child_voice.kinds", ["home_visit", "conversation"]),
            ("child_voice.efei", "block"),
            ("child_voice.sof", "warn"),
            ("consent.joint_rule", "any"),
            ("consent.default_days", 3650),
            ("consent.remind_days", 1),
            ("consent.youth_age", 10),
            ("consent.adult_age", 17),
            ("consent.child_voice_age", 0),
            ("consent.coordinator_implied", False),
            ("funding.team_can_decide", True),
            ("funding.excluded_paragraphs", ["placement", "bl-46.2", "sel_52"]),
            ("funding.assessment_required", False),
            ("funding.voters.roles", ["member"]),
            ("funding.voters.professions", ["psychologist", "teacher"]),
            ("funding.voters.municipal_only", False),
            ("funding.voters.buddies_as_one", False),
            ("access_log.names", True),
            ("calendar.holidays", "none"),
        ],
    )
    def test_what_may_be_chosen(self, path: str, value: Any) -> None:
        made = merged(MunicipalitySettings(), chosen(*path.split("."), value=value)).model_dump(mode="json")
        for key in path.split("."):
            made = made[key]
        assert made == value

    @pytest.mark.parametrize(
        ("path", "value", "kind"),
        [
            ("case.default_model", "icdp", "literal_error"),
            ("case.light", "true", "bool_type"),
            ("case.light", 1, "bool_type"),
            ("case.kle_codes", ["27.24.00", "27.24.00"], "named-once"),
            ("case.default_kle_code", "27.24", "string_pattern_mismatch"),
            ("case.stalled_after_days", 0, "greater_than_equal"),
            ("case.complex_from_parties", 0, "greater_than_equal"),
            ("case.complex_from_sectors", 7, "less_than_equal"),
            ("steps.blocking", "off", "literal_error"),
            ("team.buddy_requires_complexity", "no", "bool_type"),
            ("team.creator_roles", [], "too_short"),
            ("team.creator_roles", ["coordinator", "coordinator"], "named-once"),
            ("team.creator_roles", "coordinator", "tuple_type"),
            ("team.paragraph_sets", [str(i) for i in range(51)], "too_long"),
            ("meeting.kinds", ["assessment", "status", "status"], "named-once"),
            ("status.interval_weeks", 0, "greater_than_equal"),
            ("status.interval_weeks", 53, "less_than_equal"),
            ("status.interval_weeks", True, "int_type"),
            ("status.interval_weeks", "2", "int_type"),
            ("analysis_meeting", {}, "literal_error"),
            ("assessment.min_core_team", 0, "greater_than_equal"),
            ("cadence.severity", "block", "literal_error"),
            ("caseload.norm", 25, "model_type"),
            ("caseload.counts", "ordinary", "literal_error"),
            ("consent.default_days", 0, "greater_than_equal"),
            ("consent.default_days", 3651, "less_than_equal"),
            ("consent.remind_days", 0, "greater_than_equal"),
            ("consent.youth_age", 19, "less_than_equal"),
            ("consent.child_voice_age", -1, "greater_than_equal"),
            ("consent.coordinator_implied", "yes", "bool_type"),
            ("calendar.holidays", "se", "literal_error"),
            ("team", "fixed", "model_type"),
            ("team", [], "model_type"),
        ],
    )
    def test_what_may_not_be_chosen(self, path: str, value: Any, kind: str) -> None:
        with pytest.raises(ValidationError) as refused:
            merged(MunicipalitySettings(), chosen(*path.split("."), value=value))
        assert flaws(refused) == [(tuple(path.split(".")), kind)]

    @pytest.mark.parametrize(
        ("path", "value", "loc"),
        [
            ("team.creator_roles", ["controller"], ("team", "creator_roles", 0)),
            ("case.kle_codes", ["27.24.00", "27"], ("case", "kle_codes", 1)),
            ("team.paragraph_sets", ["§ 1", " "], ("team", "paragraph_sets", 1)),
            ("team.paragraph_sets", ["§\u0000"], ("team", "paragraph_sets", 0)),
            ("meeting.kinds", ["analysis"], ("meeting", "kinds", 0)),
            ("funding.excluded_paragraphs", ["Anbringelse"], ("funding", "excluded_paragraphs", 0)),
            ("funding.excluded_paragraphs", ["placement", None], ("funding", "excluded_paragraphs", 1)),
            ("cadence.rules", [{"category": "measure"}], ("cadence", "rules", 0, "every")),
            ("caseload.norm", NORM | {"decided_on": 20000}, ("caseload", "norm", "decided_on")),
            ("caseload.norm", NORM | {"decided_on": "20000"}, ("caseload", "norm", "decided_on")),
            ("caseload.norm", NORM | {"decided_on": "2026-02-30"}, ("caseload", "norm", "decided_on")),
            ("caseload.norm", NORM | {"reason": " "}, ("caseload", "norm", "reason")),
        ],
    )
    def test_the_place_is_told_to_the_item(self, path: str, value: Any, loc: tuple[int | str, ...]) -> None:
        with pytest.raises(ValidationError) as refused:
            merged(MunicipalitySettings(), chosen(*path.split("."), value=value))
        assert refused.value.errors()[0]["loc"] == loc


class TestTogether:
    """Settings that do not go together are refused, at the section that holds them."""

    @pytest.mark.parametrize(
        ("patch", "loc", "kind"),
        [
            ({"case": {"kle_codes": ["27.27.00"]}}, ("case",), "default-kle-code-not-used"),
            (
                {"case": {"kle_codes": ["27.27.00"], "default_kle_code": "27.24.08"}},
                ("case",),
                "default-kle-code-not-used",
            ),
            ({"consent": {"child_voice_age": 16}}, ("consent",), "heard-after-signing"),
            ({"consent": {"youth_age": 9}}, ("consent",), "heard-after-signing"),
            ({"consent": {"adult_age": 14}}, ("consent",), "signs-after-of-age"),
            ({"caseload": {"norm": NORM | {"target": 26}}}, ("caseload", "norm"), "target-above-maximum"),
            ({"child_voice": {"kinds": ["observation"]}}, ("child_voice", "kinds"), "conversation-stays"),
            ({"meeting": {"kinds": []}}, ("meeting",), "meeting-kinds-of-model"),
            ({"meeting": {"kinds": ["assessment", "network"]}}, ("meeting",), "meeting-kinds-of-model"),
            (
                {"case": {"default_model": "sof"}, "meeting": {"kinds": ["assessment", "status"]}},
                ("meeting",),
                "meeting-kinds-of-model",
            ),
            ({"cadence": {"rules": [STRICT["cadence"]["rules"][0]] * 2}}, ("cadence", "rules"), "named-once"),
        ],
    )
    def test_refused(self, patch: Document, loc: tuple[str, ...], kind: str) -> None:
        with pytest.raises(ValidationError) as refused:
            merged(MunicipalitySettings(), patch)
        assert flaws(refused) == [(loc, kind)]

    def test_only_the_default_model_holds_its_meetings(self) -> None:
        kinds = {"meeting": {"kinds": []}, "case": {"default_model": "none"}}
        assert merged(MunicipalitySettings(), kinds).meeting_kinds == {"analysis"}

    def test_analysis_meetings_can_be_planned_unless_they_are_off(self) -> None:
        for wanted in ("required", "optional", "off"):
            made = merged(MunicipalitySettings(), {"analysis_meeting": wanted})
            assert ("analysis" in made.meeting_kinds) is (wanted != "off")


class TestMerge:
    CURRENT = MunicipalitySettings.model_validate(ELSEWHERE)

    def test_an_empty_patch_changes_nothing(self) -> None:
        assert merged(self.CURRENT, {}) == self.CURRENT
        assert merged(self.CURRENT, {"team": {}}) == self.CURRENT

    def test_what_is_left_out_stays(self) -> None:
        made = merged(self.CURRENT, {"funding": {"voters": {"buddies_as_one": False}}})
        assert made.funding.voters.professions == ("psychologist",)
        assert made.funding.team_can_decide is True
        assert made.model_dump(exclude={"funding"}) == self.CURRENT.model_dump(exclude={"funding"})

    def test_a_list_is_replaced_as_a_whole(self) -> None:
        assert merged(self.CURRENT, {"team": {"paragraph_sets": ["§ 40"]}}).team.paragraph_sets == ("§ 40",)

    @pytest.mark.parametrize("path", [path for path in FIELDS if not path.startswith("caseload.norm.")])
    def test_null_is_the_default_again(self, path: str) -> None:
        """For any key and for whole sections; the meetings of a default model are put back with it."""
        made = merged(self.CURRENT, chosen(*path.split("."), value=None) | {"meeting": None})
        value: Any = made.model_dump(mode="json")
        default: Any = STRICT
        for key in path.split("."):
            value, default = value[key], default[key]
        assert value == default

    def test_everything_can_be_reset(self) -> None:
        assert merged(self.CURRENT, dict.fromkeys(MunicipalitySettings.model_fields)) == MunicipalitySettings()

    def test_a_norm_is_set_whole_changed_in_part_and_taken_away(self) -> None:
        with pytest.raises(ValidationError) as refused:
            merged(MunicipalitySettings(), {"caseload": {"norm": {"target": 20, "max": 25}}})
        assert [loc for loc, _ in flaws(refused)] == [
            ("caseload", "norm", "reason"),
            ("caseload", "norm", "decided_on"),
        ]
        changed = merged(self.CURRENT, {"caseload": {"norm": {"max": 30}}})
        assert changed.model_dump(mode="json")["caseload"]["norm"] == NORM | {"max": 30}
        assert merged(changed, {"caseload": {"norm": None}}).caseload.norm is None

    def test_a_part_of_a_norm_has_no_default(self) -> None:
        with pytest.raises(ValidationError) as refused:
            merged(self.CURRENT, {"caseload": {"norm": {"reason": None}}})
        assert flaws(refused) == [(("caseload", "norm", "reason"), "missing")]

    @pytest.mark.parametrize("value", [None, 1, {}])
    @pytest.mark.parametrize(
        "path",
        ["teem", "team.mod", "funding.voters.role", "caseload.norm.min", "analysis_meeting_", "meeting.analysis"],
    )
    def test_an_unknown_key_is_told_with_its_place(self, path: str, value: Any) -> None:
        """Also one that is null, which would be nothing to remove."""
        with pytest.raises(ValidationError) as refused:
            merged(self.CURRENT, chosen(*path.split("."), value=value))
        assert flaws(refused) == [(tuple(path.split(".")), "extra_forbidden")]

    def test_the_current_settings_and_the_patch_are_left_as_they_are(self) -> None:
        current, patch = self.CURRENT.model_copy(deep=True), {"team": {"mode": None, "paragraph_sets": ["§ 1"]}}
        before = deepcopy((current, patch))
        merged(current, patch)
        assert (current, patch) == before


def documents() -> st.SearchStrategy[Document]:
    """Patches of several sections, nulls among them."""
    keys = {
        "steps": st.none() | st.fixed_dictionaries({}, optional={"blocking": st.sampled_from(["block", "warn", None])}),
        "analysis_meeting": st.sampled_from(["required", "optional", "off", None]),
        "access_log": st.none() | st.fixed_dictionaries({}, optional={"names": st.booleans() | st.none()}),
        "team": st.none()
        | st.fixed_dictionaries({}, optional={"paragraph_sets": st.none() | st.just([]) | st.just(["§ 1", "§ 2"])}),
        "caseload": st.none() | st.fixed_dictionaries({}, optional={"norm": st.none() | st.just(NORM)}),
    }
    return st.fixed_dictionaries({}, optional=keys)


@given(documents(), documents())
def test_a_merge_settles(first: Document, second: Document) -> None:
    """A patch has no more effect the second time, and what is sent by the typed body is what was sent."""
    once = merged(merged(MunicipalitySettings(), first), second)
    assert merged(once, second) == once
    assert MunicipalitySettings.model_validate_json(once.model_dump_json()) == once
    assert SettingsPatch.model_validate(second).document() == second


class TestPatchBody:
    def test_it_has_every_field_of_the_settings_and_no_other(self) -> None:
        assert set(dict(fields(SettingsPatch))) == set(FIELDS)

    def test_no_field_is_required_and_null_is_allowed(self) -> None:
        assert SettingsPatch.model_validate({}).document() == {}
        nothing = dict.fromkeys(MunicipalitySettings.model_fields)
        assert SettingsPatch.model_validate(nothing).document() == nothing

    @pytest.mark.parametrize(
        "sent",
        [
            {},
            {"team": None},
            {"team": {}},
            {"team": {"mode": None, "paragraph_sets": ["§ 1"]}},
            {"caseload": {"norm": {"decided_on": "2026-01-15"}}},
            {"cadence": {"rules": STRICT["cadence"]["rules"]}},
            ELSEWHERE,
            STRICT,
        ],
    )
    def test_the_document_is_what_was_sent(self, sent: Document) -> None:
        assert SettingsPatch.model_validate(sent).document() == sent

    def test_bounds_hold_in_a_patch_too(self) -> None:
        for sent in (
            {"consent": {"youth_age": 19}},
            {"team": {"creator_roles": []}},
            {"status": {"interval_weeks": "1"}},
        ):
            with pytest.raises(ValidationError):
                SettingsPatch.model_validate(sent)

    def test_it_is_described_as_the_settings_are(self) -> None:
        patch = dict(fields(SettingsPatch))
        assert {path: (patch[path].title, patch[path].description) for path in patch} == {
            path: (field.title, field.description) for path, field in FIELDS.items()
        }


@pytest.fixture(scope="module")
def document() -> Document:
    app = FastAPI()

    @app.patch("/municipality", operation_id="change_municipality")
    def change(patch: SettingsPatch) -> MunicipalitySettings:
        return merged(MunicipalitySettings(), patch.document())

    return app.openapi()


class TestOpenApi:
    def test_the_body_shows_the_same_nested_structure(self, document: Document) -> None:
        schemas = document["components"]["schemas"]
        for name, schema in schemas.items():
            if name.endswith("Patch") and name != "SettingsPatch":
                whole = schemas[name.removesuffix("Patch")]
                assert list(schema["properties"]) == list(whole["properties"])
                assert schema["additionalProperties"] is False
                assert "required" not in schema
        assert schemas["SettingsPatch"]["properties"]["team"]["anyOf"] == [
            {"$ref": "#/components/schemas/TeamSettingsPatch"},
            {"type": "null"},
        ]
        assert "merge patch" in schemas["SettingsPatch"]["description"]

    def test_each_setting_has_one_schema_and_is_always_shown(self, document: Document) -> None:
        schemas = document["components"]["schemas"]
        assert not [name for name in schemas if name.endswith(("-Input", "-Output"))]
        for name in ("MunicipalitySettings", "TeamSettings", "FundingSettings", "CaseloadSettings", "CadenceRule"):
            assert schemas[name]["required"] == list(schemas[name]["properties"])

    def test_bounds_are_written_down(self, document: Document) -> None:
        schemas = document["components"]["schemas"]
        roles = schemas["TeamSettings"]["properties"]["creator_roles"]
        assert (roles["minItems"], roles["maxItems"], roles["uniqueItems"]) == (1, 50, True)
        (array, _), unique = (
            schemas["TeamSettingsPatch"]["properties"]["creator_roles"][key] for key in ("anyOf", "uniqueItems")
        )
        assert (array["minItems"], array["maxItems"], unique) == (1, 50, True)
        age = schemas["ConsentSettings"]["properties"]["youth_age"]
        assert (age["minimum"], age["maximum"], age["default"]) == (0, 18, 15)

    def test_the_contract_gate_can_read_it(self, document: Document) -> None:
        assert breaking(document, deepcopy(document)) == []
        narrower = deepcopy(document)
        narrower["components"]["schemas"]["ConsentSettingsPatch"]["properties"]["youth_age"]["anyOf"][0]["maximum"] = 17
        assert len(breaking(document, narrower)) == 1
