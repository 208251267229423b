from django.db import migrations, models

import connections.befriending.models.concerns


class Migration(migrations.Migration):
    """Every concern has a reference now."""

    dependencies = [("befriending", "0004_row_level_security_of_practice")]

    operations = [
        migrations.AlterField(
            model_name="concern",
            name="reference",
            field=models.CharField(
                default=connections.befriending.models.concerns.make_reference,
                max_length=12,
                unique=True,
            ),
        ),
    ]
