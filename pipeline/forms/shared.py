"""What the forms of the pipeline share: fields, pick lists, and a form that loses nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

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


class KeptForm(forms.Form):
    """A form of one record that knows what its editor saw, so that nobody's typing is lost."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for each in self.fields.values():
            each.show_hidden_initial = True

    def changes(self) -> dict[str, object]:
        """Only what the editor changed since the page was shown."""
        return {name: self.cleaned_data[name] for name in self.changed_data}

    def keep_over(self, current: Mapping[str, object]):
        """The form again over newer values: what was typed stays, the rest is made current."""
        typed = {name: self[name].value() for name in self.changed_data}
        fresh = self.again(initial=dict(current))
        fresh.is_bound = False
        for name, value in typed.items():
            fresh.initial[name] = value
        fresh.kept = {name: current.get(name) for name in typed}
        return fresh

    def again(self, **kwargs):
        raise NotImplementedError


def pks(values: Iterable[str]) -> list[int]:
    return [number for value in dict.fromkeys(values) if (number := number_in(value))]
