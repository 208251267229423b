"""Versions of squares of the map, so that a change makes new only the tiles that show it."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("places", "0008_company")]

    operations = [
        migrations.CreateModel(
            name="MapSquare",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("z", models.PositiveSmallIntegerField()),
                ("x", models.PositiveIntegerField()),
                ("y", models.PositiveIntegerField()),
                ("version", models.PositiveBigIntegerField()),
            ],
            options={
                "verbose_name": "square of the map of places",
                "verbose_name_plural": "squares of the map of places",
                "indexes": [
                    models.Index("z", models.F("version").desc(), name="places_mapsquare_latest"),
                ],
                "constraints": [
                    models.UniqueConstraint("z", "x", "y", name="places_mapsquare_unique"),
                ],
            },
        ),
        migrations.AddField(
            model_name="layerversion",
            name="since",
            field=models.PositiveBigIntegerField(db_default=1, default=1),
        ),
        # Tiles of before have one version in common.
        migrations.RunSQL(
            "UPDATE places_layerversion SET since = version", migrations.RunSQL.noop
        ),
    ]
