import django.contrib.postgres.indexes
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('interactions', '0009_pinned_places'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='interaction',
            index=django.contrib.postgres.indexes.BrinIndex(autosummarize=True, fields=['month_on'], name='interactions_months_lie', pages_per_range=64),
        ),
    ]
