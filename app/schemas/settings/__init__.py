"""A municipality's settings: one document, one section for each place where the models leave a choice (X1–X34, R461).

Everything has a default, the strict one where the models leave it open: `MunicipalitySettings()` is a municipality that
has chosen nothing. A dump holds every key, so a document that is stored whole stays in force as it is when a default
changes later. Nothing here does anything: each rule reads the setting that bears its name.

Places of tension in the models that have no switch, and why:

- X7   the family decides on its plan: fixed, since no municipality may lower it
- X9   one coordinator for each case: fixed; a person may hold many cases, and the caseload norm (X14) applies
- X17  handleplan, handlingsplan and fælles plan: one plan; the words stand in the label catalogue
- X20  suggestions and blank cells: edited in the step template, which reports what is unfilled
- X21  the order of the steps: data of the step template
- X22  the horizon of an outcome: data of each indicator
- X23  a heading copied by mistake: read as joint funding, nothing to choose
- X26  everyone hears the same: fixed, consent wins; a meeting shows who lacks access
- X27  a separate team, one centre or many departments: attributes of the team, not a rule
- X30  the written method: its text is local, and that it exists is required
"""

from app.schemas.settings.document import MunicipalitySettings
from app.schemas.settings.family import CadenceRule
from app.schemas.settings.patch import SettingsPatch, merged
from app.schemas.settings.work import CaseSettings

__all__ = ["CadenceRule", "CaseSettings", "MunicipalitySettings", "SettingsPatch", "merged"]
