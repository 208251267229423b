"""Let go of the reports kept so far: each can be made again, and they are kept otherwise now."""

from typing import Any

from django.db import migrations


def delete_files(apps: Any, _schema: Any) -> None:
    for kept in apps.get_model("reports", "AreaReport").objects.iterator():
        kept.file.delete(save=False)


class Migration(migrations.Migration):
    dependencies = [("reports", "0002_grants")]

    operations = [
        migrations.RunPython(delete_files, migrations.RunPython.noop),
        migrations.DeleteModel("AreaReport"),
    ]
