"""Who takes part in a deal, what happened, what comes next, and the files."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.db.models.functions import Lower

from pipeline.forms.shared import contact_label, long_text
from pipeline.junk import is_junk
from pipeline.models import (
    Activity,
    Contact,
    Deal,
    DealContact,
    DealMember,
)
from revops.frame.forms import DayField, PersonField
from revops.people.models import User


class TaskForm(forms.Form):
    """What came of a task."""

    result = forms.CharField(label="What came of it", widget=long_text(rows=4))

    def clean_result(self) -> str:
        text = self.cleaned_data["result"]
        if is_junk(text):
            raise ValidationError("Say what came of it, in a sentence.")
        return text


class ActivityForm(forms.Form):
    """A note, call, meeting or mail."""

    kind = forms.ChoiceField(choices=Activity.Kind.choices, widget=forms.RadioSelect)
    side = forms.ChoiceField(
        choices=Activity.Side.choices, label="From whom", widget=forms.RadioSelect
    )
    body = forms.CharField(
        required=False, label="What happened", widget=long_text(placeholder="What happened?")
    )
    happened_at = forms.DateTimeField(
        required=False,
        label="When",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
        help_text="Empty: now.",
    )


class NextStepForm(forms.Form):
    next_step = forms.CharField(required=False, max_length=200, label="Next step")
    next_step_date = DayField(required=False, label="On")


class ContactLinkForm(forms.Form):
    """Somebody at the account gets a part in the deal; a new person is entered on the way."""

    contact = forms.ChoiceField(required=False, label="Person")
    role = forms.ChoiceField(choices=DealContact.Role.choices, label="Part in the deal")
    name = forms.CharField(required=False, max_length=200)
    title = forms.CharField(required=False, max_length=200)
    email = forms.EmailField(required=False, label="E-mail")
    phone = forms.CharField(required=False, max_length=50, label="Telephone")

    def __init__(self, *args, deal: Deal, **kwargs):
        super().__init__(*args, **kwargs)
        known = Contact.objects.filter(account=deal.account_id) if deal.account_id else ()
        options = list(known.order_by("name", "pk")[:200]) if deal.account_id else []
        self.known = {str(each.pk): each for each in options}
        self.fields["contact"].choices = [
            ("", "Somebody new"),
            *((pk, contact_label(each)) for pk, each in self.known.items()),
        ]
        if not options:
            self.fields["contact"].widget = forms.HiddenInput()

    def clean(self):
        cleaned = super().clean()
        if not cleaned.get("contact") and not cleaned.get("name"):
            self.add_error("name", "Name the person, or choose one who is known.")
        return cleaned


class MemberForm(forms.Form):
    person = PersonField(queryset=User.objects.none(), empty_label="Choose")
    role = forms.CharField(
        required=False, max_length=60, label="As", help_text="Such as solution engineer."
    )
    access = forms.ChoiceField(choices=DealMember.Access.choices, label="Access")
    until = DayField(required=False, label="Until", help_text="Empty: as long as the deal.")

    def __init__(self, *args, deal: Deal, **kwargs):
        super().__init__(*args, **kwargs)
        people = User.objects.active().exclude(pk=deal.owner_id)
        self.fields["person"].queryset = people.order_by(Lower("name"), "pk")


class AttachmentForm(forms.Form):
    file = forms.FileField(label="File")
    kind = forms.ChoiceField(
        label="What it is",
        choices=[("", "Another file"), ("signed_contract", "The signed contract")],
        required=False,
    )
