"""Defining the company's own fields, and the words that count as nothing."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from slugify import slugify

from pipeline.forms.shared import long_text
from revops.company.fields import LISTS, SEARCHED
from revops.company.models import FieldDefinition

ENTITIES = [("deal", "Deals"), ("account", "Accounts"), ("contact", "Contacts")]
MOST_OPTIONS = 200


class FieldForm(forms.Form):
    """What may be changed of a field that is there."""

    label = forms.CharField(max_length=120, label="Name")
    help_text = forms.CharField(
        max_length=300, required=False, label="Help", help_text="One sentence under the field."
    )
    is_searchable = forms.BooleanField(
        required=False, label="Found by search", help_text="Deals are found by what it says."
    )
    new_options = forms.CharField(
        required=False,
        label="Options",
        widget=long_text(rows=5),
        max_length=20_000,
        help_text="One on each line.",
    )

    def __init__(self, *args, definition: FieldDefinition | None = None, **kwargs):
        super().__init__(*args, **kwargs)
        self.definition = definition
        if definition is None:
            return
        if definition.kind not in SEARCHED or definition.entity != "deal":
            del self.fields["is_searchable"]
        if definition.kind not in LISTS:
            del self.fields["new_options"]
            return
        self.fields["new_options"].label = "More options"
        for number, option in enumerate(definition.options):
            label = option.get("label", option["key"])
            self.fields[f"option-{number}"] = forms.CharField(
                max_length=120, label=f"Option {number + 1}", initial=label
            )
            self.fields[f"retired-{number}"] = forms.BooleanField(
                required=False, label="Retired", initial=bool(option.get("retired"))
            )

    def option_rows(self):
        """Each option with its name and whether it is offered no longer."""
        options = self.definition.options if self.definition else []
        if "new_options" not in self.fields:
            return []
        return [
            (option["key"], self[f"option-{number}"], self[f"retired-{number}"])
            for number, option in enumerate(options)
        ]

    def options(self) -> list[dict[str, object]]:
        """The options as they are kept: the present ones in their order, then the new ones."""
        found: list[dict[str, object]] = []
        for number, option in enumerate(self.definition.options if self.definition else []):
            kept = {"key": option["key"], "label": self.cleaned_data[f"option-{number}"]}
            if self.cleaned_data[f"retired-{number}"]:
                kept["retired"] = True
            found.append(kept)
        taken = {option["key"] for option in found}
        for label in self.new_labels():
            key = free_key(label, taken)
            taken.add(key)
            found.append({"key": key, "label": label})
        return found

    def new_labels(self) -> list[str]:
        lines = self.cleaned_data.get("new_options", "").splitlines()
        return list(dict.fromkeys(line.strip() for line in lines if line.strip()))

    def clean_new_options(self) -> str:
        lines = self.cleaned_data["new_options"].splitlines()
        if len(lines) > MOST_OPTIONS:
            raise ValidationError(f"At most {MOST_OPTIONS} options at once.")
        if any(len(line.strip()) > 120 for line in lines):
            raise ValidationError("An option has at most 120 characters.")
        return self.cleaned_data["new_options"]

    def changes(self) -> dict[str, object]:
        names = ("label", "help_text", "is_searchable")
        facts = {name: self.cleaned_data[name] for name in names if name in self.fields}
        if "new_options" in self.fields:
            facts["options"] = self.options()
        return facts


class NewFieldForm(FieldForm):
    """A field to be added to a kind of record."""

    entity = forms.ChoiceField(choices=ENTITIES, label="Of")
    kind = forms.ChoiceField(
        choices=FieldDefinition.Kind.choices, label="Kind", help_text="It never changes."
    )
    key = forms.SlugField(
        required=False,
        max_length=60,
        label="Key",
        help_text="Its name in the API and in files; it never changes. Empty: made from the name.",
    )

    field_order = ("label", "entity", "kind", "new_options", "help_text", "is_searchable", "key")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["new_options"].help_text = "For a list only, one on each line."

    def clean(self):
        given = super().clean()
        if not given.get("key") and given.get("label"):
            given["key"] = slugify(given["label"], separator="_")[:34] or "field"
        if given.get("kind") not in LISTS and self.new_labels():
            self.add_error("new_options", "Only a list has options.")
        if given.get("kind") in LISTS and not self.new_labels():
            self.add_error("new_options", "A list needs options, one on each line.")
        if given.get("is_searchable") and (
            given.get("kind") not in SEARCHED or given.get("entity") != "deal"
        ):
            self.add_error("is_searchable", "Only deals are searched, and not by such a field.")
        return given

    def facts(self) -> dict[str, object]:
        names = ("entity", "key", "kind", "label", "help_text", "is_searchable")
        options = self.options() if self.cleaned_data["kind"] in LISTS else []
        return {name: self.cleaned_data[name] for name in names} | {"options": options}


def free_key(label: str, taken: set[str]) -> str:
    """A key for an option, made from its label and not taken yet."""
    base = slugify(label, separator="_")[:50] or "option"
    key, number = base, 1
    while key in taken:
        number += 1
        key = f"{base}_{number}"
    return key


class JunkForm(forms.Form):
    """A word or phrase that counts as nothing."""

    text = forms.CharField(
        max_length=60,
        label="Word or phrase",
        help_text="In any spelling: capitals and punctuation make no difference.",
    )
