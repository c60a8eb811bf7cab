"""What a manager makes of a deal that was pushed again."""

from __future__ import annotations

from django import forms

from pipeline.forms.shared import choices_of
from pipeline.models import Choice
from pipeline.operations.close_dates import BY_ITSELF
from pipeline.operations.reviews import Asked, Outcome
from revops.frame.forms import DayField


class ReviewForm(forms.Form):
    """The outcome with its note, and what two of the outcomes ask beside it."""

    outcome = forms.ChoiceField(label="Outcome", choices=Outcome, widget=forms.RadioSelect)
    note = forms.CharField(label="Why", widget=forms.Textarea(attrs={"rows": 2}))
    close_date = DayField(label="New close date", required=False)
    reason_key = forms.ChoiceField(label="It moves later because", required=False)
    loss_reason = forms.ChoiceField(label="Loss reason", required=False)
    competitor = forms.CharField(
        label="Competitor", required=False, help_text="“None” where there was none."
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        pushes = choices_of(Choice.List.PUSH_REASON, empty="Choose a reason")
        self.fields["reason_key"].choices = [each for each in pushes if each[0] not in BY_ITSELF]
        self.fields["loss_reason"].choices = choices_of(
            Choice.List.LOSS_REASON, empty="Choose a reason"
        )

    def asked(self) -> Asked:
        typed = self.cleaned_data
        answers = {name: typed[name] for name in ("loss_reason", "competitor") if typed[name]}
        return Asked(typed["close_date"], typed["reason_key"], answers)

    def date_fields(self):
        return [self["close_date"], self["reason_key"]]

    def loss_fields(self):
        return [self["loss_reason"], self["competitor"]]
