from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_invitation"),
    ]

    operations = [
        migrations.CreateModel(
            name="TryCount",
            fields=[
                (
                    "key",
                    models.CharField(
                        db_column="cache_key", max_length=255, primary_key=True, serialize=False
                    ),
                ),
                ("value", models.TextField()),
                ("expires_at", models.DateTimeField(db_column="expires", db_index=True)),
            ],
            options={
                "verbose_name": "count of tries",
                "verbose_name_plural": "counts of tries",
            },
        ),
    ]
