"""Filters of the report of bypasses, kept in its address."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.db.models.functions import Lower

from pipeline.bypasses import KINDS, Asked, pipelines
from revops.frame.forms import DayField
from revops.people.models import User


class BypassFilterForm(forms.Form):
    since = DayField(label="From", required=False)
    until = DayField(label="To", required=False)
    kind = forms.ChoiceField(required=False, choices=[("", "Every kind"), *KINDS.items()])
    pipeline = forms.ChoiceField(required=False)
    person = forms.ModelChoiceField(
        User.objects.none(), required=False, label="By", empty_label="Anybody"
    )

    def __init__(self, data):
        super().__init__(data)
        self.fields["pipeline"].choices = [("", "Every pipeline"), *pipelines()]
        people = User.objects.filter(is_active=True).order_by(Lower("name"), "pk")
        self.fields["person"].queryset = people
        self.fields["person"].label_from_instance = lambda person: person.name

    def clean(self):
        facts = super().clean()
        since, until = facts.get("since"), facts.get("until")
        if since and until and until < since:
            raise ValidationError("The last day comes after the first.")
        return facts

    def asked(self) -> Asked:
        """What the address asks; a part that cannot be read asks nothing."""
        facts = self.cleaned_data if self.is_valid() else getattr(self, "cleaned_data", {})
        person = facts.get("person")
        return Asked(
            kind=facts.get("kind") or "",
            pipeline=facts.get("pipeline") or "",
            person=person.pk if person else None,
            since=facts.get("since"),
            until=facts.get("until"),
        )
