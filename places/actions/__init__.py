"""Writes to the register of places, and the upkeep of areas that follows a load.

Deeds of people are keyword-only with the actor first, in one transaction with their audit row and
the version that history keeps; whatever changes a map bumps that map's version in the same
transaction, so that no cache serves what is gone.
"""

from places.actions.areas import (
    Resolved,
    current_geography,
    find_area,
    finest_level,
    levels_of,
    neighbourhood_of,
    rebuild_ancestors,
    resolve_areas,
    resolve_place_names,
    resolve_staged_places,
)
from places.actions.freshness import (
    answer_question,
    mark_stale,
)
from places.actions.keeping import (
    CHANGEABLE,
    STILL_THERE,
    ConflictError,
    Told,
    add_place,
    change_place,
    close_place,
    confirm_place,
    forget_words,
    hide_place,
    note_change,
    revert_place,
    show_place_again,
    suggest_place,
    take_back_state,
)
from places.actions.proposals import (
    accept_suggestion,
    add_photo,
    claim_place,
    decide_claim,
    decline_suggestion,
    set_photo_state,
    suggest_change,
)
from places.actions.vintages import (
    adopt_geography,
    begin_vintage,
    find_successor,
)
from places.versions import PLACES_LAYER, bump_layer, bump_places

__all__ = [
    "CHANGEABLE",
    "PLACES_LAYER",
    "STILL_THERE",
    "ConflictError",
    "Resolved",
    "Told",
    "accept_suggestion",
    "add_photo",
    "add_place",
    "adopt_geography",
    "answer_question",
    "begin_vintage",
    "bump_layer",
    "bump_places",
    "change_place",
    "claim_place",
    "close_place",
    "confirm_place",
    "current_geography",
    "decide_claim",
    "decline_suggestion",
    "find_area",
    "find_successor",
    "finest_level",
    "forget_words",
    "hide_place",
    "levels_of",
    "mark_stale",
    "neighbourhood_of",
    "note_change",
    "rebuild_ancestors",
    "resolve_areas",
    "resolve_place_names",
    "resolve_staged_places",
    "revert_place",
    "set_photo_state",
    "show_place_again",
    "suggest_change",
    "suggest_place",
    "take_back_state",
]
