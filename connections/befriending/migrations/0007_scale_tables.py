from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("befriending", "0006_constraints"),
    ]

    operations = [
        migrations.AddField(
            model_name="uploadedscale",
            name="is_about_loneliness",
            field=models.BooleanField(default=False, verbose_name="asks about loneliness"),
        ),
        migrations.AddField(
            model_name="uploadedscale",
            name="table",
            field=models.JSONField(blank=True, default=dict, verbose_name="table"),
        ),
    ]
