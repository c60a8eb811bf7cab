"""Entering a deal, changing its facts, giving it to another owner."""

from __future__ import annotations

from django import forms
from django.db.models.functions import Lower

from pipeline.forms.added import added_fields, keep_present_values
from pipeline.forms.shared import AccountField, KeptForm, choices_of, long_text, sellers_for
from pipeline.models import (
    Choice,
    Deal,
    Pipeline,
    StageRule,
)
from revops.company.models import Company
from revops.frame.forms import DayField, MoneyField, PersonField
from revops.people.models import Role, User


class DealForm(KeptForm):
    """The facts of a deal that people type; stage, owner and close date have verbs of their own."""

    name = forms.CharField(max_length=200, label="Name")
    amount = MoneyField(required=False, label="Amount")
    currency = forms.CharField(max_length=3, label="Currency")
    deal_source = forms.ChoiceField(required=False, label="Source")
    fit_score = forms.IntegerField(required=False, min_value=0, max_value=100, label="Fit score")

    def __init__(self, *args, user: User, deal: Deal | None = None, locks=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.user, self.deal, self.locks = user, deal, dict(locks or {})
        self.fields = {
            "name": self.fields["name"],
            "account": AccountField(user=user, label="Account"),
            **{name: made for name, made in self.fields.items() if name != "name"},
        }
        self.fields["product"] = forms.CharField(
            required=False,
            max_length=200,
            label="Main product",
            help_text="A primary quote says it by itself, once there is one.",
        )
        categories = [each for each in StageRule.ForecastCategory.choices if each[0] != "closed"]
        self.fields["forecast_category"] = forms.ChoiceField(
            choices=[("", "As its stage is"), *categories],
            required=False,
            label="Forecast as",
        )
        self.fields["deal_source"].choices = choices_of(Choice.List.SOURCE, empty="Not said")
        self.fields["fit_score"].help_text = "From 0 to 100, as you see it."
        for name, why in self.locks.items():
            if name in self.fields:
                self.fields[name].disabled = True
                self.fields[name].help_text = why
        currency = (deal.currency if deal else "") or self.initial.get("currency", "")
        self.fields["amount"].set_currency("")
        self.fields["currency"].widget.attrs |= {"size": 4, "autocapitalize": "characters"}
        self.fields["currency"].initial = currency
        self.carry_what_is_shown(deal is not None)

    def again(self, **kwargs):
        return type(self)(user=self.user, deal=self.deal, locks=self.locks, **kwargs)

    def clean_currency(self) -> str:
        return self.cleaned_data["currency"].upper()


class DealNotesForm(DealForm):
    """Everything that may be typed about a deal that is there."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name in NOTES:
            label = str(Deal._meta.get_field(name).verbose_name)
            self.fields[name] = forms.CharField(
                required=False,
                label=label[:1].upper() + label[1:],
                widget=long_text(),
            )
        self.fields["contract_reference"].widget = forms.TextInput()
        self.fields["competitor"].widget = forms.TextInput()
        self.fields |= added_fields("deal")
        keep_present_values(self, "deal", self.deal)
        self.carry_what_is_shown()


NOTES = (
    "pain_points",
    "current_solution",
    "timeline",
    "technical_requirements",
    "stakeholder_map",
    "redlines",
    "competitor",
    "contract_reference",
)


class NewDealForm(DealForm):
    """A deal to be entered."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["close_date"] = DayField(
            label="Expected close date", required=Company.get().close_date_from_start
        )
        owners = sellers_for(self.user)
        self.fields["owner"] = PersonField(queryset=owners, label="Owner", empty_label=None)
        pipelines = Pipeline.objects.in_use()
        self.fields["pipeline"] = forms.ModelChoiceField(pipelines, empty_label=None)
        self.fields["name"].widget.attrs["autofocus"] = True
        if len(pipelines) == 1:
            self.fields["pipeline"].widget = forms.HiddenInput()
            self.fields["pipeline"].initial = pipelines[0].pk


class ReassignForm(forms.Form):
    owner = PersonField(queryset=User.objects.none(), label="New owner", empty_label="Choose")
    reason = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args, user: User, deal: Deal, **kwargs):
        super().__init__(*args, **kwargs)
        sellers = User.objects.active().holding(Role.REP, Role.SALES_MANAGER, Role.VP_SALES)
        sellers = sellers.exclude(pk=deal.owner_id).order_by(Lower("name"), "pk")
        self.fields["owner"].queryset = sellers
