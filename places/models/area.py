"""Areas: a nested geography in one vintage, its people, postcodes and names."""

from typing import ClassVar

from django.contrib.gis.db import models
from django.contrib.postgres.indexes import GinIndex
from django.utils.translation import gettext_lazy as _

from places.vocabulary import AreaLevel


class Geography(models.Model):
    """A vintage of nested areas, for example the 2011 data zones. A release names one."""

    slug = models.SlugField(_("short name"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    applies_from_on = models.DateField(_("used for quarters from"), null=True, blank=True)
    is_current = models.BooleanField(_("used now"), default=False)
    attribution = models.TextField(_("attribution"), blank=True)

    class Meta:
        verbose_name = _("geography")
        verbose_name_plural = _("geographies")
        constraints = [
            models.UniqueConstraint(
                "is_current",
                condition=models.Q(is_current=True),
                name="places_geography_one_current",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Area(models.Model):
    """A neighbourhood in a nested official geography, with a GSS-style code.

    `population`, `adults` and the deprivation columns are the figures in use now; Population and
    Deprivation keep all years.
    """

    geography = models.ForeignKey(Geography, on_delete=models.PROTECT, related_name="areas")
    code = models.CharField(_("code"), max_length=16)
    name = models.CharField(_("name"), max_length=120)
    level = models.CharField(_("level"), max_length=16, choices=AreaLevel)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children"
    )
    geometry = models.MultiPolygonField(_("boundary"), srid=4326)
    point = models.PointField(
        _("point on its surface"),
        srid=4326,
        help_text=_("Population-weighted where known."),
    )
    is_mended = models.BooleanField(_("boundary was mended on import"), default=False)
    population = models.PositiveIntegerField(_("residents"), null=True, blank=True)
    adults = models.PositiveIntegerField(_("residents aged 16 or more"), null=True, blank=True)
    deprivation_rank = models.PositiveIntegerField(
        _("deprivation rank, 1 the most deprived"), null=True, blank=True
    )
    deprivation_decile = models.PositiveSmallIntegerField(
        _("deprivation decile, 1 the most deprived"), null=True, blank=True
    )

    class Meta:
        verbose_name = _("area")
        verbose_name_plural = _("areas")
        ordering: ClassVar = ["name", "code"]
        constraints = [
            models.UniqueConstraint("geography", "code", name="places_area_code_unique"),
            models.CheckConstraint(
                condition=models.Q(deprivation_decile__isnull=True)
                | models.Q(deprivation_decile__range=(1, 10)),
                name="places_area_decile_1_to_10",
            ),
        ]
        indexes = [
            models.Index("geography", "level", "code", name="places_area_level"),
            # Search by a part of the name.
            GinIndex(fields=["name"], opclasses=["gin_trgm_ops"], name="places_area_name"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"


class AreaAncestor(models.Model):
    """Each area with itself (depth 0) and each area that holds it: no statistic walks the tree."""

    area = models.ForeignKey(Area, on_delete=models.CASCADE, related_name="ancestors")
    ancestor = models.ForeignKey(Area, on_delete=models.CASCADE, related_name="descendants")
    depth = models.PositiveSmallIntegerField()

    class Meta:
        verbose_name = _("place of an area in the tree")
        verbose_name_plural = _("places of areas in the tree")
        constraints = [
            models.UniqueConstraint("area", "ancestor", name="places_areaancestor_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.area_id} in {self.ancestor_id}"


class AreaAlias(models.Model):
    """Another code for the same area: S12000046 is Glasgow before 2019, S12000049 since."""

    area = models.ForeignKey(Area, on_delete=models.CASCADE, related_name="aliases")
    code = models.CharField(_("code"), max_length=16, db_index=True)

    class Meta:
        verbose_name = _("other code of an area")
        verbose_name_plural = _("other codes of areas")
        constraints = [models.UniqueConstraint("area", "code", name="places_areaalias_unique")]

    def __str__(self) -> str:
        return self.code


class AreaLookup(models.Model):
    """The official best fit by population from an area of one vintage to one of another. Larger
    areas, and the way back, follow from that of the zones where no file tells them."""

    from_area = models.ForeignKey(Area, on_delete=models.CASCADE, related_name="+")
    to_area = models.ForeignKey(Area, on_delete=models.CASCADE, related_name="+")
    is_derived = models.BooleanField(
        _("follows from that of the zones"), default=False, db_default=False
    )

    class Meta:
        verbose_name = _("lookup between vintages")
        verbose_name_plural = _("lookups between vintages")
        constraints = [
            models.UniqueConstraint("from_area", "to_area", name="places_arealookup_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.from_area_id} → {self.to_area_id}"


class Population(models.Model):
    """Residents of an area in a year."""

    area = models.ForeignKey(Area, on_delete=models.CASCADE, related_name="populations")
    year = models.PositiveSmallIntegerField(_("year"))
    residents = models.PositiveIntegerField(_("residents"))
    adults = models.PositiveIntegerField(_("residents aged 16 or more"), null=True, blank=True)
    source = models.CharField(_("source"), max_length=160)

    class Meta:
        verbose_name = _("population")
        verbose_name_plural = _("populations")
        constraints = [
            models.UniqueConstraint("area", "year", name="places_population_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.area_id} {self.year}: {self.residents}"


class Deprivation(models.Model):
    """Where an area stands in an index of deprivation, for example SIMD 2020v2."""

    area = models.ForeignKey(Area, on_delete=models.CASCADE, related_name="deprivations")
    index = models.CharField(_("index"), max_length=40)
    rank = models.PositiveIntegerField(_("rank, 1 the most deprived"), null=True, blank=True)
    decile = models.PositiveSmallIntegerField(_("decile, 1 the most deprived"), null=True)

    class Meta:
        verbose_name = _("deprivation")
        verbose_name_plural = _("deprivations")
        constraints = [
            models.UniqueConstraint("area", "index", name="places_deprivation_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.area_id} {self.index}: {self.decile}"


class Postcode(models.Model):
    """A postcode and the zone that the official lookup gives it (point and polygon differ for
    0.2 %: the lookup wins)."""

    code = models.CharField(_("postcode"), max_length=8, primary_key=True)
    point = models.PointField(srid=4326)
    area = models.ForeignKey(Area, on_delete=models.CASCADE, related_name="postcodes")
    is_large_user = models.BooleanField(_("one large user, no homes"), default=False)

    class Meta:
        verbose_name = _("postcode")
        verbose_name_plural = _("postcodes")

    def __str__(self) -> str:
        return self.code


class PlaceName(models.Model):
    """A settlement or district that people search by."""

    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("kind"), max_length=40, blank=True)
    district = models.CharField(_("district"), max_length=120, blank=True)
    point = models.PointField(srid=4326)
    area = models.ForeignKey(
        Area, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("place name")
        verbose_name_plural = _("place names")
        ordering: ClassVar = ["name"]
        constraints = [
            models.UniqueConstraint("name", "district", "point", name="places_placename_unique"),
        ]
        indexes = [
            GinIndex(
                fields=["name"],
                opclasses=["gin_trgm_ops"],
                name="places_placename_name",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class LayerVersion(models.Model):
    """The version of a tile layer: bumped in the transaction that changes what it shows."""

    layer = models.CharField(max_length=60, primary_key=True)
    version = models.PositiveBigIntegerField(default=1)
    # The version in which all of it changed at once.
    since = models.PositiveBigIntegerField(default=1, db_default=1)

    class Meta:
        verbose_name = _("version of a map layer")
        verbose_name_plural = _("versions of map layers")

    def __str__(self) -> str:
        return f"{self.layer}:{self.version}"


class MapSquare(models.Model):
    """A square of the map of places, small or large, and the version of the layer in which
    something in it last changed: tiles of other squares stay good."""

    z = models.PositiveSmallIntegerField()
    x = models.PositiveIntegerField()
    y = models.PositiveIntegerField()
    version = models.PositiveBigIntegerField()

    class Meta:
        verbose_name = _("square of the map of places")
        verbose_name_plural = _("squares of the map of places")
        constraints = [
            models.UniqueConstraint("z", "x", "y", name="places_mapsquare_unique"),
        ]
        indexes = [
            # What changed last, which a page tells its map.
            models.Index("z", models.F("version").desc(), name="places_mapsquare_latest"),
        ]

    def __str__(self) -> str:
        return f"{self.z}/{self.x}/{self.y}:{self.version}"


class AreaTile(models.Model):
    """A baked vector tile of area boundaries: made once for each vintage, level and tile."""

    geography = models.ForeignKey(Geography, on_delete=models.CASCADE, related_name="tiles")
    level = models.CharField(max_length=16, choices=AreaLevel)
    z = models.PositiveSmallIntegerField()
    x = models.PositiveIntegerField()
    y = models.PositiveIntegerField()
    mvt = models.BinaryField()

    class Meta:
        verbose_name = _("map tile of areas")
        verbose_name_plural = _("map tiles of areas")
        constraints = [
            models.UniqueConstraint(
                "geography", "level", "z", "x", "y", name="places_areatile_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.level} {self.z}/{self.x}/{self.y}"
