import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("interactions", "0007_mark_answers")]

    operations = [
        migrations.AlterField(
            model_name="ordinarydaycard",
            name="contributor",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="cards",
                to="accounts.contributor",
            ),
        ),
        migrations.RenameField("ordinarydaycard", "answered_at", "used_at"),
        migrations.AddConstraint(
            model_name="ordinarydaycard",
            constraint=models.UniqueConstraint(
                models.F("day"), models.F("contributor"), name="interactions_card_one_each"
            ),
        ),
    ]
