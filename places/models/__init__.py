"""WHERE: areas of a nested geography, places in them, what happens at them."""

from places.models.area import (
    Area,
    AreaAlias,
    AreaAncestor,
    AreaLookup,
    AreaTile,
    Deprivation,
    Geography,
    LayerVersion,
    PlaceName,
    Population,
    Postcode,
)
from places.models.gathering import Gathering
from places.models.place import (
    OrganisationArea,
    Place,
    PlaceAltName,
    PlaceConfirmation,
    PlaceSuggestion,
    Welcome,
)
from places.models.saved import SavedArea, SavedView

__all__ = [
    "Area",
    "AreaAlias",
    "AreaAncestor",
    "AreaLookup",
    "AreaTile",
    "Deprivation",
    "Gathering",
    "Geography",
    "LayerVersion",
    "OrganisationArea",
    "Place",
    "PlaceAltName",
    "PlaceConfirmation",
    "PlaceName",
    "PlaceSuggestion",
    "Population",
    "Postcode",
    "SavedArea",
    "SavedView",
    "Welcome",
]
