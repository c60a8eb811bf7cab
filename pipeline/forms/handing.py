"""Who takes over everything a person holds."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.db.models.functions import Lower

from revops.frame.forms import PersonField
from revops.people.models import User


class WhoLeavesForm(forms.Form):
    person = PersonField(queryset=User.objects.none(), label="Who leaves", empty_label="Choose")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["person"].queryset = User.objects.active().order_by(Lower("name"), "pk")


class HandOverForm(WhoLeavesForm):
    successor = PersonField(
        queryset=User.objects.none(), label="Who takes over", empty_label="Choose"
    )
    why = forms.CharField(required=False, label="Reason", widget=forms.Textarea(attrs={"rows": 2}))
    leaves = forms.BooleanField(
        required=False,
        label="They leave the company",
        help_text="No sign-in, no mail and no decision any more.",
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["successor"].queryset = self.fields["person"].queryset
        self.fields["person"].widget = forms.HiddenInput()

    def clean(self):
        facts = super().clean()
        if facts.get("person") and facts.get("person") == facts.get("successor"):
            raise ValidationError("A person cannot take over from themselves.")
        return facts
