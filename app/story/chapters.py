"""The chapters, in the order they are told. Each is a function of the teller, and keeps what it makes in `things`."""

from collections.abc import Callable
from typing import Final

from app.story import beginning, family, insight, municipality, standing_by, together
from app.story.teller import Story

CHAPTERS: Final[tuple[tuple[str, Callable[[Story], None]], ...]] = (
    ("Who are we?", municipality.who_we_are),
    ("How this municipality works", municipality.choosing_how_to_work),
    ("Partners outside", municipality.partners_outside),
    ("A list of new staff", municipality.bringing_in_a_list),
    ("A family is registered", family.registering_the_family),
    ("Who signs in", family.signing_in),
    ("A half-brother", family.half_siblings),
    ("Where one lives, and who one is", family.where_and_who),
    ("The family's own network", family.the_network),
    ("An early concern becomes a case", beginning.an_early_concern),
    ("The case is given to a coordinator", beginning.allocation),
    ("A core team", beginning.core_team),
    ("The first contact", beginning.first_contact),
    ("How the family wants to be contacted", beginning.how_the_family_wants_it),
    ("The first steps: allocation, and meeting the family", beginning.the_first_steps),
    ("Help, and not too soon", beginning.help_not_too_soon),
    ("A blank cell is filled locally", beginning.filling_a_blank_cell),
    ("The last steps: towards one plan", beginning.the_last_steps),
    ("The mother's view", insight.the_mothers_view),
    ("Who talks to the school", standing_by.who_talks_to_the_school),
    ("Somebody to stand beside, and to stand in", standing_by.buddy_and_deputy),
    ("What has happened", insight.the_timeline),
    ("Who does not see it", insight.who_does_not_see),
    ("The journal system", insight.the_journal_system),
    ("Who has looked, and why", insight.who_has_looked),
    ("One case too many", together.one_case_too_many),
    ("A standing team", together.a_standing_team),
    ("Eight steps together", together.eight_steps),
    ("A larger change", together.a_larger_change),
    ("To ordinary operation, and back", together.to_ordinary_operation_and_back),
    ("The case passes to another coordinator", standing_by.the_handover),
    ("Running, and closing", standing_by.running_and_closing),
    ("Things are put back", municipality.putting_things_back),
)
