"""Accounts and the people we know there."""

from __future__ import annotations

from django import forms
from django.db.models.functions import Lower

from pipeline.forms.added import added_fields, keep_present_values
from pipeline.forms.shared import AccountField, KeptForm
from pipeline.models import (
    Account,
    Contact,
    Segment,
)
from revops.frame.forms import FigureField, PersonField
from revops.people.models import Role, User


class AccountForm(KeptForm):
    name = forms.CharField(max_length=200)
    domain = forms.CharField(max_length=200, required=False, label="Web domain")
    industry = forms.CharField(max_length=100, required=False)
    country = forms.CharField(max_length=100, required=False)
    employees = forms.IntegerField(
        min_value=0, required=False, label="Head count", help_text="It decides the segment."
    )
    revenue_amount = FigureField(
        max_digits=18, decimal_places=2, required=False, label="Yearly revenue"
    )
    revenue_currency = forms.CharField(max_length=3, required=False, label="Currency")
    founded_year = forms.IntegerField(
        min_value=1000, max_value=2200, required=False, label="Founded in"
    )

    def __init__(self, *args, user: User, account: Account | None = None, **kwargs):
        super().__init__(*args, **kwargs)
        self.user, self.account = user, account
        self.fields["parent"] = AccountField(
            user=user, required=False, label="Belongs to", help_text="The company above it."
        )
        owners = User.objects.active().holding(Role.REP, Role.SALES_MANAGER, Role.VP_SALES)
        owners = owners.order_by(Lower("name"), "pk")
        self.fields["owner"] = PersonField(queryset=owners, required=False, empty_label="Nobody")
        self.fields |= added_fields("account")
        keep_present_values(self, "account", account)
        self.carry_what_is_shown(account is not None)

    def again(self, **kwargs):
        return type(self)(user=self.user, account=self.account, **kwargs)


class SegmentForm(forms.Form):
    segment = forms.ChoiceField(required=False)
    reason = forms.CharField(widget=forms.Textarea(attrs={"rows": 2}), required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        said = [each for each in Segment.choices if each[0] != Segment.UNKNOWN]
        self.fields["segment"].choices = [("", "As the head count says"), *said]


class ContactForm(KeptForm):
    name = forms.CharField(max_length=200)
    title = forms.CharField(max_length=200, required=False)
    email = forms.EmailField(required=False, label="E-mail")
    phone = forms.CharField(max_length=50, required=False, label="Telephone")

    def __init__(self, *args, contact: Contact | None = None, **kwargs):
        super().__init__(*args, **kwargs)
        self.contact = contact
        self.fields |= added_fields("contact")
        keep_present_values(self, "contact", contact)
        self.carry_what_is_shown(contact is not None)

    def again(self, **kwargs):
        return type(self)(contact=self.contact, **kwargs)
