"""Asking for an approval, deciding it, taking it back, talking about it."""

from __future__ import annotations

from typing import Any

from django import forms

from dealdesk.models import ApprovalRequest, Decision
from revops.frame.forms import DayField
from revops.people.models import User


class SubmitForm(forms.Form):
    why = forms.CharField(
        label="Why does the customer need this?",
        required=False,
        max_length=4000,
        widget=forms.Textarea({"rows": 3}),
    )
    in_return = forms.MultipleChoiceField(
        label="What do we get in return?",
        choices=ApprovalRequest.Return.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    in_return_note = forms.CharField(
        label="In words",
        required=False,
        max_length=1000,
        widget=forms.TextInput({"placeholder": "Which reference, how much more volume, …"}),
    )
    needed_by = DayField(label="Answer needed by", required=False)
    needed_cause = forms.CharField(
        label="Because",
        required=False,
        max_length=200,
        widget=forms.TextInput({"placeholder": "Their board meets on that day"}),
    )

    def clean(self) -> dict[str, Any]:
        facts = super().clean() or {}
        if facts.get("needed_by") and not facts.get("needed_cause"):
            self.add_error("needed_cause", "Say why the answer is needed by then.")
        return facts


class DecisionForm(forms.Form):
    verdict = forms.ChoiceField(choices=Decision.Verdict.choices, required=False)
    conditions = forms.CharField(required=False, max_length=4000, strip=True)
    reason = forms.CharField(required=False, max_length=4000, strip=True)
    digest = forms.CharField(required=False, max_length=64)


class MessageForm(forms.Form):
    """Something said about a request."""

    body = forms.CharField(
        label="Message", max_length=4000, widget=forms.Textarea({"rows": 2}), required=False
    )


class HandOnForm(forms.Form):
    """To whom an approval is handed on, and why."""

    to = forms.ModelChoiceField(User.objects.none(), label="To", empty_label="Choose a colleague")
    reason = forms.CharField(label="Why", max_length=300, widget=forms.TextInput)

    def __init__(self, *args: Any, colleagues: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].queryset = colleagues


class ReasonForm(forms.Form):
    """Why something is taken back."""

    reason = forms.CharField(required=False, max_length=4000, widget=forms.Textarea({"rows": 2}))
