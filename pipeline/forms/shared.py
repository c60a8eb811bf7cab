"""What the forms of the pipeline share: fields, pick lists, and a form that loses nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django import forms
from django.core.exceptions import ValidationError
from django.db.models.functions import Lower

from pipeline.models import (
    Account,
    Choice,
    Contact,
)
from pipeline.searching import search_form
from revops.addresses import number_in
from revops.people.models import Role, User


def long_text(**attrs):
    return forms.Textarea(attrs={"rows": 3, **attrs})


def choices_of(list_: str, *, empty: str = "") -> list[tuple[str, str]]:
    """A pick list in its order, without what was retired."""
    rows = Choice.objects.filter(list=list_, retired_at=None).order_by("position", "pk")
    found = list(rows.values_list("key", "label"))
    return [("", empty), *found] if empty else found


def sellers_for(user: User):
    """The people to whom this person may give a deal: themselves, their line, or everybody."""
    people = User.objects.active().order_by(Lower("name"), "pk")
    if user.has_role(Role.REVOPS_ADMIN):
        return people.holding(Role.REP, Role.SALES_MANAGER, Role.VP_SALES)
    return (people.below(user) | people.filter(pk=user.pk)).distinct()


class AccountField(forms.CharField):
    """An account by its name; the page offers names while one types."""

    default_error_messages = {
        "unknown": "There is no account called “%(name)s”. Enter it first, then come back.",
        "several": "%(count)s accounts are called so. Take one: %(names)s.",
    }

    def __init__(self, *, user: User, **kwargs):
        self.user = user
        kwargs.setdefault("max_length", 220)
        super().__init__(**kwargs)
        self.widget.attrs |= {"autocomplete": "off", "data-lookup": "accounts"}

    def clean(self, value):
        name = super().clean(value)
        if not name:
            return None
        visible = Account.objects.visible_to(self.user)
        bare, _, mark = name.rpartition(" #")
        number = number_in(mark) if bare else None
        if number and (found := visible.filter(pk=number).first()):
            return found
        found = list(visible.filter(name__iexact=name)[:6])
        if not found:
            found = list(visible.filter(search_text=search_form(name))[:6])
        if len(found) == 1:
            return found[0]
        if not found:
            raise ValidationError(
                self.error_messages["unknown"], code="unknown", params={"name": name}
            )
        names = ", ".join(account_label(account, True) for account in found)
        raise ValidationError(
            self.error_messages["several"],
            code="several",
            params={"count": len(found), "names": names},
        )

    def prepare_value(self, value):
        return account_label(value) if isinstance(value, Account) else value

    def has_changed(self, initial, data):
        return super().has_changed(self.prepare_value(initial), data)


def account_label(account: Account, with_number: bool = False) -> str:
    return f"{account.name} #{account.pk}" if with_number else account.name


def contact_label(contact: Contact) -> str:
    return f"{contact.name}, {contact.title}" if contact.title else contact.name


class KeptField(forms.BoundField):
    """Shows what was typed, and carries along what the page showed, also where they differ."""

    carries_initial = False

    def as_widget(self, widget=None, attrs=None, only_initial=False):
        self.carries_initial = only_initial
        try:
            return super().as_widget(widget, attrs, only_initial)
        finally:
            self.carries_initial = False

    def value(self):
        if self.name in self.form.typed and not self.carries_initial:
            return self.form.typed[self.name]
        return super().value()


class KeptForm(forms.Form):
    """A form of one record that knows what its editor saw, so that nobody's typing is lost."""

    bound_field_class = KeptField

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.typed: dict[str, object] = {}
        self.clashes: list[Clash] = []
        self.carry_what_is_shown()

    def carry_what_is_shown(self, carry: bool = True) -> None:
        """Let each field carry what its editor saw; a file is shown and never carried."""
        for each in self.fields.values():
            each.show_hidden_initial = carry and not isinstance(each, forms.FileField)

    def changes(self) -> dict[str, object]:
        """Only what the editor changed since the page was shown."""
        return {name: self.cleaned_data[name] for name in self.changed_data}

    def keep_over(self, current: Mapping[str, object]):
        """The form again over newer values: what was typed stays, the rest is made current."""
        fresh = self.again(initial=dict(current))
        files = {name for name, each in self.fields.items() if isinstance(each, forms.FileField)}
        fresh.typed = {name: self[name].value() for name in self.changed_data if name not in files}
        fresh.clashes = [
            Clash(
                name,
                str(self[name].label),
                shown_as(self.fields[name], self.seen(name)),
                shown_as(self.fields[name], self.fields[name].prepare_value(value)),
                is_yours=name in self.changed_data,
            )
            for name, value in current.items()
            if name in self.fields and self.was_changed(name, value)
        ]
        return fresh

    def seen(self, name: str) -> object:
        """What the page showed in a field, as the form carried it along."""
        bound = self[name]
        return self._widget_data_value(bound.field.hidden_widget(), bound.html_initial_name)

    def was_changed(self, name: str, current: object) -> bool:
        """Whether somebody else changed the field since the page was shown."""
        made = self.fields[name]
        if not made.show_hidden_initial or made.disabled:
            return False
        return made.has_changed(made.prepare_value(current), self.seen(name))

    def again(self, **kwargs):
        raise NotImplementedError


@dataclass
class Clash:
    """A field that somebody else changed in the meantime, and whether you typed in it too."""

    name: str
    label: str
    was: str
    now: str
    is_yours: bool = False
    by: str = ""
    at: datetime | None = None


def shown_as(made: forms.Field, value: object) -> str:
    """A field's value as a person reads it."""
    if value in (None, "", []):
        return "empty"
    if isinstance(made, forms.ModelChoiceField):
        found = made.queryset.model.objects.filter(pk=number_in(value) or 0).first()
        return made.label_from_instance(found) if found else str(value)
    if isinstance(made, forms.ChoiceField):
        labels = {str(key): str(label) for key, label in made.choices}
        values = value if isinstance(value, list | tuple) else [value]
        return ", ".join(labels.get(str(each), str(each)) for each in values)
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return " ".join(str(each) for each in value if each) or "empty"
    return str(value)


def pks(values: Iterable[str]) -> list[int]:
    return [number for value in dict.fromkeys(values) if (number := number_in(value))]
