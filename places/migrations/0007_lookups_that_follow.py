from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("places", "0006_gatherings_in_full")]

    operations = [
        migrations.AddField(
            model_name="arealookup",
            name="is_derived",
            field=models.BooleanField(
                db_default=False, default=False, verbose_name="follows from that of the zones"
            ),
        ),
    ]
