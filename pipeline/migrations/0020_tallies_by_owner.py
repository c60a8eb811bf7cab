"""What is told apart by owners lies by owner, so that the cells of a line are found at once.

The cells are the same but for three things nobody reads: how long lost deals took, months of what
is a fact of first days, and moves of dates and what was due without a dimension. What was due, by
day, is counted from the standings until `rebuild_rollups` or the next fold has kept it.
"""

from django.db import migrations

DAYS_OF_LOST = 5
AT_ONCE = 500


def by_owner(dimension, cells):
    """The cells by owner, each list in the order in which folding writes it."""
    found = {}
    for kind, key, *rest in cells:
        told, _, owner = key.rpartition("@")
        found.setdefault(owner, []).append([kind, told if dimension != "owner" else "", *rest])
    return {owner: sorted(found[owner], key=lambda cell: cell[:3]) for owner in sorted(found)}


def without_days_of_lost(cells):
    return [[*cell[:DAYS_OF_LOST], {}] if cell[0] == "lost" else cell for cell in cells]


def lay_out(apps, schema_editor):
    Tally = apps.get_model("pipeline", "Tally")
    Tally.objects.filter(measure="dates", dimension__in=["", "owner"]).delete()
    Tally.objects.filter(measure="due", grain="month").delete()
    Tally.objects.filter(measure="due").exclude(dimension__in=["due", "due@owner"]).delete()
    changed = []
    for tally in Tally.objects.order_by("pk").iterator(chunk_size=AT_ONCE):
        cells = tally.cells
        if tally.measure == "closed":
            cells = without_days_of_lost(cells)
        if tally.dimension.endswith("owner"):
            cells = by_owner(tally.dimension, cells)
        if cells != tally.cells:
            tally.cells = cells
            changed.append(tally)
        if len(changed) == AT_ONCE:
            Tally.objects.bulk_update(changed, ["cells"])
            changed = []
    Tally.objects.bulk_update(changed, ["cells"], batch_size=AT_ONCE)


class Migration(migrations.Migration):
    dependencies = [("pipeline", "0019_index_pushes")]
    operations = [migrations.RunPython(lay_out, migrations.RunPython.noop)]
