"""How somebody wants to be told, and what entering a stage asks."""

from __future__ import annotations

from django import forms

from pipeline.models import AlertPreference

CADENCES = {
    AlertPreference.Cadence.IMMEDIATE: "At once: one mail with everything that was just found",
    AlertPreference.Cadence.DAILY: "Once a day, at 8 in the morning",
    AlertPreference.Cadence.WEEKLY: "On Mondays, at 8 in the morning",
    AlertPreference.Cadence.OFF: "Never: I look at the hygiene page myself",
}


class AlertChoiceForm(forms.Form):
    """How often findings are told, and whether Mondays bring the state of the pipeline."""

    cadence = forms.ChoiceField(
        label="When something is found on my deals",
        choices=list(CADENCES.items()),
        widget=forms.RadioSelect,
    )
    weekly_digest = forms.BooleanField(
        required=False,
        label="Send me the state of the pipeline on Monday mornings",
        help_text="Total value, new, moved, stale and pushed deals, and what closes this week.",
    )
    waiting_digest = forms.BooleanField(
        required=False,
        label="Send me what waits for my answer on working mornings",
        help_text="At 8 where I am, in the order of the inbox; nothing when nothing waits.",
    )


class StageActionForm(forms.Form):
    """A task that comes with a stage."""

    title = forms.CharField(label="Task", max_length=100)
    due_hours = forms.IntegerField(
        label="Due after, in working hours", min_value=1, max_value=1000, initial=16
    )
