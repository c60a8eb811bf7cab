"""Filters of the exception report."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from dealdesk.models import ExceptionRecord
from pipeline.models import Segment
from revops.frame.forms import DayField


class ExceptionFilterForm(forms.Form):
    """Filters of the exception report, kept in its address."""

    since = DayField(label="From", required=False)
    until = DayField(label="To", required=False)
    team = forms.ChoiceField(required=False)
    kind = forms.ChoiceField(label="Type", required=False)
    tier = forms.ChoiceField(required=False)
    outcome = forms.ChoiceField(required=False)
    segment = forms.ChoiceField(required=False)

    def __init__(self, *args: Any, choices: Any, tier_label: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        every = {"team": "All teams", "kind": "All types", "tier": "All tiers"}
        options = {
            "team": [(team.pk, team.name) for team in choices.teams],
            "kind": ExceptionRecord.Kind.choices,
            "tier": [(tier, tier_label(tier)) for tier in choices.tiers],
            "outcome": ExceptionRecord.Outcome.choices,
            "segment": Segment.choices,
        }
        every |= {"outcome": "All outcomes", "segment": "All segments"}
        for name, rows in options.items():
            self.fields[name].choices = [("", every[name]), *rows]

    def clean(self) -> dict[str, Any]:
        facts = super().clean() or {}
        since, until = facts.get("since"), facts.get("until")
        if since and until and until < since:
            raise ValidationError("The last day comes after the first.")
        return facts
