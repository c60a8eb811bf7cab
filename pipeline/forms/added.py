"""Fields that the company added, as a form has them."""

from __future__ import annotations

from collections.abc import Mapping

from django import forms
from django.db.models import Model, Q
from django.db.models.functions import Lower
from django.urls import reverse

from pipeline.forms.shared import long_text
from pipeline.registry import CUSTOM
from revops.company.fields import standing_fields
from revops.company.models import FieldDefinition
from revops.frame.forms import DayField, FigureField, MoneyOfField, PersonField
from revops.people.models import User
from revops.work.models import Attachment

Kind = FieldDefinition.Kind
YES_NO = [("", "Not said"), ("yes", "Yes"), ("no", "No")]


class OwnFile:
    """The file that a field has now, for the widget that offers to replace or remove it."""

    def __init__(self, attachment: Attachment):
        self.pk, self.name = attachment.pk, attachment.name
        self.url = reverse("work:attachment-download", args=[attachment.pk])

    def __str__(self) -> str:
        return self.name


class OwnFileInput(forms.ClearableFileInput):
    template_name = "components/widgets/file.html"


class OwnFileField(forms.FileField):
    """A file that may be replaced or removed. Left alone it has not changed."""

    widget = OwnFileInput

    def clean(self, data, initial=None):
        found = super().clean(data, initial)
        return None if found is False else found


def added_fields(entity: str) -> dict[str, forms.Field]:
    """A form field for each that stands, by the name under which operations take it."""
    return {f"{CUSTOM}{key}": added_field(each) for key, each in standing_fields(entity).items()}


def added_field(row: FieldDefinition, **shown) -> forms.Field:
    """The form field of a definition; `shown` replaces its label or help."""
    shown = {"required": False, "label": row.label, "help_text": row.help_text, **shown}
    make = MAKERS.get(Kind(row.kind))
    return make(row, shown) if make else forms.CharField(max_length=500, **shown)


def offered(row: FieldDefinition) -> list[tuple[str, str]]:
    """The options of a list that are not retired."""
    return [
        (option["key"], option.get("label", option["key"]))
        for option in row.options
        if not option.get("retired")
    ]


def colleagues():
    return User.objects.active().order_by(Lower("name"), "pk")


MAKERS = {
    Kind.LONG_TEXT: lambda row, shown: forms.CharField(
        widget=long_text(), max_length=20_000, **shown
    ),
    Kind.INTEGER: lambda row, shown: FigureField(max_digits=18, decimal_places=0, **shown),
    Kind.NUMBER: lambda row, shown: FigureField(max_digits=18, **shown),
    Kind.BOOLEAN: lambda row, shown: forms.ChoiceField(choices=YES_NO, **shown),
    Kind.DATE: lambda row, shown: DayField(**shown),
    Kind.CHOICE: lambda row, shown: forms.ChoiceField(
        choices=[("", "Not said"), *offered(row)], **shown
    ),
    Kind.MULTI_CHOICE: lambda row, shown: forms.MultipleChoiceField(
        choices=offered(row), widget=forms.CheckboxSelectMultiple, **shown
    ),
    Kind.URL: lambda row, shown: forms.CharField(
        max_length=2_000, widget=forms.URLInput(attrs={"placeholder": "https://"}), **shown
    ),
    Kind.MONEY: lambda row, shown: MoneyOfField(**shown),
    Kind.PERSON: lambda row, shown: PersonField(
        queryset=colleagues(), empty_label="Nobody", **shown
    ),
    Kind.FILE: lambda row, shown: OwnFileField(**shown),
}


def added_values(entity: str, custom: Mapping[str, object]) -> dict[str, object]:
    """What a record has in those fields, as its form begins with it."""
    standing = standing_fields(entity)
    files = [custom[key] for key in keys_of(standing, Kind.FILE) if custom.get(key)]
    kept = Attachment.objects.filter(pk__in=files, removed_at=None) if files else ()
    known = {each.pk: OwnFile(each) for each in kept}
    return {
        f"{CUSTOM}{key}": initial_of(each, custom.get(key), known) for key, each in standing.items()
    }


def keys_of(standing: Mapping[str, FieldDefinition], kind: str) -> list[str]:
    return [key for key, each in standing.items() if each.kind == kind]


def initial_of(row: FieldDefinition, value: object, files: Mapping[int, OwnFile]) -> object:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if row.kind == Kind.FILE:
        return files.get(value)
    return value


def keep_present_values(form: forms.Form, entity: str, record: Model | None) -> None:
    """Offer what a record has already, though it is offered to nobody else any more.

    A colleague who has left, an option that was retired: left alone they stay.
    """
    if record is None or not record.custom:
        return
    for key, row in standing_fields(entity).items():
        value, made = record.custom.get(key), form.fields.get(f"{CUSTOM}{key}")
        if value is None or made is None:
            continue
        if row.kind == Kind.PERSON:
            present = User.objects.filter(Q(is_active=True) | Q(pk=value))
            made.queryset = present.order_by(Lower("name"), "pk")
        elif row.kind in (Kind.CHOICE, Kind.MULTI_CHOICE):
            chosen = value if isinstance(value, list) else [value]
            given = {each for each, _ in made.choices}
            retired = [
                (option["key"], f"{option.get('label', option['key'])} (retired)")
                for option in row.options
                if option["key"] in chosen and option["key"] not in given
            ]
            made.choices = [*made.choices, *retired]
