"""Who did something and when it was done belong together in every table."""

from __future__ import annotations

from django.db import models

from tests.project.constraints.rules import our_models


def test_who_and_when_belong_together():
    """A person who did something did it at a moment; the moment may be without a person, since
    the system, an import or a command also acts. Found by the names of the columns."""
    loose = []
    for model in our_models():
        fields = {field.name: field for field in model._meta.concrete_fields}
        for name, moment in fields.items():
            person = fields.get(f"{name.removesuffix('_at')}_by")
            if not name.endswith("_at") or person is None or not moment.null:
                continue
            if not any({name, person.name} <= named(c) for c in model._meta.constraints):
                loose.append(f"{model._meta.label}.{name}")

    assert loose == []


def named(constraint) -> set[str]:
    """The fields that a check speaks of."""
    if not isinstance(constraint, models.CheckConstraint):
        return set()
    return {part.split("__")[0] for part in leaves(constraint.condition)}


def leaves(condition: models.Q):
    for child in condition.children:
        if isinstance(child, models.Q):
            yield from leaves(child)
        else:
            yield child[0]
