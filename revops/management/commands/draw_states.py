"""Draw every protected status and its arrows from the models that declare them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import models
from django_fsm import FSMFieldMixin

PAGE = "docs/states.md"
OPENING = """# States

Drawn from the models by `manage.py draw_states`; a test fails when this page is out of date. An
arrow is a method of the model, and only operations take it. The fields are protected: nothing else
in the code can assign them.
"""


class Command(BaseCommand):
    help = f"Write {PAGE}: a diagram and a table of arrows for each protected status."
    requires_system_checks = ()

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--check", action="store_true", help="Write nothing; exit 1 if stale.")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        page, drawn = Path(settings.BASE_DIR) / PAGE, draw()
        if check:
            if not page.exists() or page.read_text() != drawn:
                self.stdout.write(f"{PAGE} is out of date: run `manage.py draw_states`.")
                sys.exit(1)
        else:
            page.write_text(drawn)
            self.stdout.write(f"Wrote {PAGE}.")


def stateful() -> list[tuple[type[models.Model], models.Field]]:
    """Each model with a protected status, and that field."""
    return [
        (model, field)
        for model in sorted(apps.get_models(), key=lambda model: model._meta.label)
        for field in model._meta.concrete_fields
        if isinstance(field, FSMFieldMixin)
    ]


def draw() -> str:
    return "\n".join([OPENING, *(section(model, field) for model, field in stateful())])


def section(model: type[models.Model], field: Any) -> str:
    arrows = sorted(
        field.get_all_transitions(model), key=lambda arrow: (arrow.source, arrow.target)
    )
    labels = dict(field.flatchoices)
    unreached = [
        key for key in labels if key not in {field.default, *(arrow.target for arrow in arrows)}
    ]
    lines = [
        f"## {model._meta.label}: {field.name}",
        "",
        "```mermaid",
        "stateDiagram-v2",
        f"    [*] --> {field.default}",
        *(f"    {arrow.source} --> {arrow.target}: {arrow.name}" for arrow in arrows),
        "```",
        "",
        "| from | to | method | when |",
        "| --- | --- | --- | --- |",
        *(
            f"| {labels[arrow.source]} | {labels[arrow.target]} | `{arrow.name}` "
            f"| {' '.join((arrow.method.__doc__ or '').split())} |"
            for arrow in arrows
        ),
        "",
    ]
    if unreached:
        lines += [f"No arrow leads to: {', '.join(sorted(labels[key] for key in unreached))}.", ""]
    return "\n".join(lines)
