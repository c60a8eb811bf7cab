from django.db import migrations
from django.db.models import OuterRef, Subquery

from revops import triggers


def name_rules(apps, schema_editor):
    """Let each version say what it calls its stages, so that a later name changes no history."""
    rules = apps.get_model("pipeline", "StageRule").objects.filter(name="")
    if not rules.exists():
        return
    stages = apps.get_model("pipeline", "Stage").objects.filter(pk=OuterRef("stage"))
    # Published rules are kept by triggers, which come back after every migration.
    triggers.lift(schema_editor.connection.alias)
    rules.update(name=Subquery(stages.values("name")[:1]))


class Migration(migrations.Migration):
    dependencies = [("pipeline", "0008_find_what_was_due")]

    operations = [migrations.RunPython(name_rules, migrations.RunPython.noop)]
