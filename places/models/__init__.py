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
    MapSquare,
    PlaceName,
    Population,
    Postcode,
)
from places.models.care import PlaceClaim, PlacePhoto
from places.models.company import CompanyNotice
from places.models.gathering import CancelledOccasion, Gathering, HeldPlace
from places.models.history import PlaceReference, PlaceText, PlaceVersion
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
    "CancelledOccasion",
    "CompanyNotice",
    "Deprivation",
    "Gathering",
    "Geography",
    "HeldPlace",
    "LayerVersion",
    "MapSquare",
    "OrganisationArea",
    "Place",
    "PlaceAltName",
    "PlaceClaim",
    "PlaceConfirmation",
    "PlaceName",
    "PlacePhoto",
    "PlaceReference",
    "PlaceSuggestion",
    "PlaceText",
    "PlaceVersion",
    "Population",
    "Postcode",
    "SavedArea",
    "SavedView",
    "Welcome",
]
