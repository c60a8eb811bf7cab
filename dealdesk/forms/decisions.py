"""What is typed to decide from the page of a mail, and over several approvals at once."""

from __future__ import annotations

from django import forms

from dealdesk.forms.requests import DecisionForm
from dealdesk.models import Decision
from revops.frame.forms import PercentField


class LinkDecisionForm(DecisionForm):
    """A decision by a link; the discount is typed again where the policy asks for it."""

    retyped = PercentField(required=False)


class TogetherForm(forms.Form):
    """One verdict and one reason for several approvals."""

    verdict = forms.ChoiceField(choices=Decision.Verdict.choices, required=False)
    reason = forms.CharField(required=False, max_length=4000, strip=True)
