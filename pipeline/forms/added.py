"""Fields that the company added, as a form has them."""

from __future__ import annotations

from collections.abc import Mapping

from django import forms

from pipeline.forms.shared import long_text
from pipeline.registry import CUSTOM
from revops.company.models import FieldDefinition
from revops.frame.forms import DayField, FigureField


def added_fields(entity: str) -> dict[str, forms.Field]:
    """A form field for each that stands, by the name under which operations take it."""
    rows = FieldDefinition.objects.filter(entity=entity, archived_at=None)
    return {f"{CUSTOM}{row.key}": added_field(row) for row in rows.order_by("position", "pk")}


def added_field(row: FieldDefinition) -> forms.Field:
    shown = {"required": False, "label": row.label, "help_text": row.help_text}
    options = [(option["key"], option.get("label", option["key"])) for option in row.options]
    kind = FieldDefinition.Kind(row.kind)
    if kind == kind.LONG_TEXT:
        return forms.CharField(widget=long_text(), **shown)
    if kind in (kind.INTEGER, kind.NUMBER):
        return FigureField(max_digits=18, **shown)
    if kind == kind.BOOLEAN:
        words = [("", "Not said"), ("yes", "Yes"), ("no", "No")]
        return forms.ChoiceField(choices=words, **shown)
    if kind == kind.DATE:
        return DayField(**shown)
    if kind == kind.CHOICE:
        return forms.ChoiceField(choices=[("", "Not said"), *options], **shown)
    if kind == kind.MULTI_CHOICE:
        return forms.MultipleChoiceField(choices=options, **shown)
    return forms.CharField(max_length=500, **shown)


def added_values(entity: str, custom: Mapping[str, object]) -> dict[str, object]:
    """What a record has in those fields, as its form begins with it."""
    words = {True: "yes", False: "no"}
    keys = FieldDefinition.objects.filter(entity=entity, archived_at=None)
    found = {key: custom.get(key) for key in keys.values_list("key", flat=True)}
    return {
        f"{CUSTOM}{key}": words[value] if isinstance(value, bool) else value
        for key, value in found.items()
    }
