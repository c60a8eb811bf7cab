"""Moving many deals, and moving close dates."""

from __future__ import annotations

from django import forms
from django.db.models.functions import Lower

from pipeline.models import (
    Deal,
)
from pipeline.stages import Process
from revops.frame.forms import DayField, PersonField
from revops.people.models import Role, User


class PushForm(forms.Form):
    """Another close date; a reason is one tap, a note where the rule asks it."""

    to = DayField(label="New close date")
    note = forms.CharField(
        required=False,
        label="Note",
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=(
            "Needed when the date leaves its month or quarter, from the second push, "
            "and for “Other”."
        ),
    )


class BulkPushForm(forms.Form):
    """One deal of many: its own date, reason and note."""

    to = DayField(label="New close date", required=False)
    reason_key = forms.ChoiceField(label="Reason", required=False)
    note = forms.CharField(label="Note", required=False)

    def __init__(self, *args, deal: Deal, reasons, **kwargs):
        super().__init__(*args, prefix=f"deal-{deal.pk}", **kwargs)
        self.deal = deal
        self.fields["reason_key"].choices = reasons
        for each in self.fields.values():
            each.widget.attrs["aria-label"] = f"{each.label}, {deal.name}"


class BulkMoveForm(forms.Form):
    """Where many deals go together."""

    stage = forms.ChoiceField(label="Move to")
    reason = forms.CharField(
        required=False,
        label="Reason",
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Asked for deals that skip a stage or go back.",
    )

    def __init__(self, *args, process: Process, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["stage"].choices = [(rule.key, rule.name) for rule in process.rules]


class BulkReassignForm(forms.Form):
    """Who gets many deals together, and why."""

    owner = PersonField(queryset=User.objects.none(), label="New owner", empty_label="Choose")
    reason = forms.CharField(
        required=False, label="Reason", widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        sellers = User.objects.active().holding(Role.REP, Role.SALES_MANAGER, Role.VP_SALES)
        self.fields["owner"].queryset = sellers.order_by(Lower("name"), "pk")
