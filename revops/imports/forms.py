"""What a person types about an import, and the mapping form read into a sketch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from revops.imports.kinds import Kind, kind_keys
from revops.imports.models import SavedMapping
from revops.imports.profile import DATE_FORMATS, DELIMITERS, ENCODINGS, MOST_BYTES, column_of
from revops.imports.sketch import FILE, FieldSketch, Sketch, StageSketch, fields_of

KIND_NAMES = {
    "people": "People and teams",
    "accounts": "Accounts",
    "contacts": "Contacts",
    "products": "Products and prices",
    "deals": "Deals",
    "quotas": "Quotas",
}


def kind_choices() -> list[tuple[str, str]]:
    """The kinds in the order in which they refer to each other."""
    order = list(KIND_NAMES)
    keys = sorted(kind_keys(), key=lambda key: order.index(key) if key in order else len(order))
    return [(key, KIND_NAMES.get(key, key.replace("_", " ").capitalize())) for key in keys]


class UploadForm(forms.Form):
    """A CSV file, and what it holds."""

    kind = forms.ChoiceField(label="What the file holds")
    file = forms.FileField(
        label="CSV file",
        help_text=f"Up to {MOST_BYTES // 1024 // 1024} MB. Nothing is imported yet.",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = kind_choices()


class UseMappingForm(forms.Form):
    """A mapping that is there: one saved here, or a file."""

    saved = forms.ModelChoiceField(
        SavedMapping.objects.none(), required=False, label="Saved mapping", empty_label="None"
    )
    file = forms.FileField(required=False, label="or a mapping file (TOML)")

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = SavedMapping.objects.filter(kind=kind).order_by("name", "pk")
        self.fields["saved"].queryset = rows
        self.fields["saved"].label_from_instance = lambda row: row.name

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        upload = given.get("file")
        if not upload and not given.get("saved"):
            raise forms.ValidationError("Choose a saved mapping or a file.")
        if upload and upload.size > 1024 * 1024:
            raise forms.ValidationError("A mapping is not larger than a megabyte.")
        return given

    def text(self) -> str:
        upload = self.cleaned_data.get("file")
        if not upload:
            return self.cleaned_data["saved"].text
        return upload.read().decode("utf-8-sig", errors="replace")


# The mapping form


def read_sketch(given: Mapping[str, Any], kind: Kind, profile: dict[str, Any]) -> Sketch:
    """What the form says; names are `<entity>.<field>.<what>`, values by their place."""
    sketch = Sketch(kind, str(given.get("source", "")).strip())
    sketch.file = {key: str(given.get(f"file.{key}", "")) for key in FILE}
    sketch.file = {key: text for key, text in sketch.file.items() if text}
    for entity in kind.entities:
        for each in fields_of(entity):
            drawn = read_field(given, f"{entity.key}.{each.key}", profile)
            if drawn.is_used:
                sketch.entities.setdefault(entity.key, {})[each.key] = drawn
    if kind.stages:
        sketch.stage_column = str(given.get("stage_column", ""))
        sketch.stages = read_stages(given, kind, profile, sketch.stage_column)
    return sketch


def read_field(given: Mapping[str, Any], name: str, profile: dict[str, Any]) -> FieldSketch:
    column = str(given.get(f"{name}.column", ""))
    return FieldSketch(
        column=column,
        constant=str(given.get(f"{name}.constant", "")).strip(),
        by=str(given.get(f"{name}.by", "")),
        scale=str(given.get(f"{name}.scale", "")).strip() if column else "",
        values={
            value: str(given.get(f"{name}.to.{number}", "")).strip()
            for number, value in enumerate(values_of(profile, column))
            if str(given.get(f"{name}.to.{number}", "")).strip()
        },
    )


def read_stages(
    given: Mapping[str, Any], kind: Kind, profile: dict[str, Any], column: str
) -> dict[str, StageSketch]:
    """What each value of the stage column means; a closing date says nothing of an open deal."""
    assert kind.stages is not None
    kinds = {key: status for key, _, status in kind.stages.options}
    found = {}
    for number, value in enumerate(values_of(profile, column)):
        stage = str(given.get(f"stages.{number}", ""))
        counting = [each for each in kind.stages.dates if each != kind.stages.closing_date]
        is_open = kinds.get(stage) == "open"
        found[value] = StageSketch(stage, dates=counting if is_open else None)
    return found


def values_of(profile: dict[str, Any], column: str) -> list[str]:
    """The values of a column where they are few enough to be translated one by one."""
    described = column_of(profile, column)
    return list(described["values"] or []) if described else []


def file_choices(profile: dict[str, Any]) -> dict[str, list[tuple[str, str]]]:
    """What the form offers for how the file is written."""
    return {
        "encoding": list(ENCODINGS.items()),
        "delimiter": list(DELIMITERS.items()),
        "date_format": list(DATE_FORMATS.items()),
        "decimal_separator": [(".", "Point: 1234.50"), (",", "Comma: 1234,50")],
        "thousands_separator": [
            ("", "None"),
            (",", "Comma: 1,234"),
            (".", "Point: 1.234"),
            (" ", "Space: 1 234"),
            ("'", "Apostrophe: 1'234"),
        ],
    }
