"""What is typed about a test case of the policy, and about the ladder of a term."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms

from dealdesk.models import BillingFrequency, NonStandardTerm, PolicyCase, TermRung
from dealdesk.policy import Policy, Role
from dealdesk.wording import capital
from pipeline.models import Segment
from revops.frame.forms import FigureField, FigureInput

ROLES = [(role.value, capital(role.label.removeprefix("the "))) for role in Role]
WHOLE = FigureInput({"inputmode": "numeric"})


def percent(**kwargs: Any) -> FigureField:
    return FigureField(widget=FigureInput(unit="%"), **kwargs)


class CaseForm(forms.Form):
    """The facts of one case, and who must be asked for them."""

    name = forms.CharField(max_length=120, help_text="Such as: 15 % and 36 months")
    discount_percent = percent(label="Discount", max_digits=9, decimal_places=6)
    annual_value = FigureField(
        label="Net of the first year", max_digits=14, decimal_places=2, min_value=0
    )
    months = forms.IntegerField(label="Term in months", min_value=1, max_value=240, widget=WHOLE)
    segment = forms.ChoiceField()
    region = forms.CharField(required=False, max_length=60, help_text="Of the owner's team")
    payment_days = forms.IntegerField(
        label="Payment due after days", min_value=0, max_value=730, widget=WHOLE
    )
    billing = forms.ModelChoiceField(BillingFrequency.objects.none())
    family = forms.CharField(label="Product family", required=False, max_length=100)
    published_percent = percent(
        label="Published term discount", max_digits=7, decimal_places=4, min_value=0, max_value=99
    )
    tier_earned = percent(
        label="Volume discount earned", max_digits=7, decimal_places=4, min_value=0, max_value=99
    )
    tier_claimed = percent(
        label="Volume discount claimed",
        required=False,
        max_digits=7,
        decimal_places=4,
        min_value=0,
        max_value=99,
        help_text="Instead of a discount",
    )
    terms = forms.ModelMultipleChoiceField(
        NonStandardTerm.objects.none(),
        label="Non-standard terms, in words of the customer's own",
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    expected = forms.ChoiceField(choices=PolicyCase.Expected.choices, widget=forms.RadioSelect)
    roles = forms.MultipleChoiceField(
        label="These roles", choices=ROLES, required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, policy: Policy, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        bands = [(band.key, band.label) for band in policy.segments]
        fields["segment"].choices = [*bands, (Segment.UNKNOWN.value, "Not known")]
        fields["billing"].queryset = BillingFrequency.objects.filter(retired_at=None).order_by("pk")
        fields["terms"].queryset = NonStandardTerm.objects.filter(retired_at=None).order_by(
            "category", "position", "name"
        )

    @property
    def facts(self) -> dict[str, Any]:
        """The facts of the case, as the operations take them."""
        facts = dict(self.cleaned_data)
        facts.pop("terms")
        if facts["expected"] != PolicyCase.Expected.ASKED:
            facts["roles"] = []
        return facts


def case_initial(case: PolicyCase | None) -> dict[str, Any]:
    """What the form shows of a case, or of a new one on standard terms."""
    if case is None:
        new = PolicyCase(expected=PolicyCase.Expected.ASKED)
        standard = BillingFrequency.objects.filter(months_ahead=12, retired_at=None).first()
        return {**fields_of(new), "billing": standard}
    return {**fields_of(case), "billing": case.billing_id, "terms": list(case.terms.all())}


def fields_of(case: PolicyCase) -> dict[str, Any]:
    names = set(CaseForm.base_fields) - {"billing", "terms"}
    facts = {name: getattr(case, name) for name in names}
    return {
        name: value.normalize() if isinstance(value, Decimal) else value
        for name, value in facts.items()
    }


class RungForm(forms.Form):
    """One exact wording on the ladder of a term."""

    kind = forms.ChoiceField(choices=TermRung.Kind.choices)
    name = forms.CharField(max_length=120)
    value = forms.CharField(required=False, max_length=200, help_text="Such as 99.9 %")
    text = forms.CharField(
        label="Exact wording", max_length=20000, widget=forms.Textarea({"rows": 3})
    )
    roles = forms.MultipleChoiceField(
        label="Asks only",
        choices=ROLES,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Nobody ticked: no approval is needed.",
    )

    @property
    def facts(self) -> dict[str, Any]:
        facts = dict(self.cleaned_data)
        if facts["kind"] == TermRung.Kind.PROHIBITED:
            facts["roles"] = []
        return facts


class TermCatalogueForm(forms.Form):
    """A term of the catalogue: what is standard, who owns it, and what else may be asked."""

    name = forms.CharField(max_length=150)
    category = forms.ChoiceField(choices=NonStandardTerm.Category.choices)
    value_type = forms.ChoiceField(label="Its value is", choices=NonStandardTerm.ValueType.choices)
    standard_value = forms.CharField(required=False, max_length=100)
    standard_wording = forms.CharField(
        required=False, max_length=20000, widget=forms.Textarea({"rows": 4})
    )
    owner_roles = forms.MultipleChoiceField(
        label="Owners", choices=ROLES, required=False, widget=forms.CheckboxSelectMultiple
    )
    other_wording = forms.ChoiceField(
        label="Any other wording",
        choices=NonStandardTerm.OtherWording.choices,
        widget=forms.RadioSelect,
        help_text="Neither our standard nor a fallback.",
    )
    is_paper = forms.BooleanField(
        label="The contract is then not ours: legal is asked and ticks its checklist",
        required=False,
    )


class NewTermForm(TermCatalogueForm):
    key = forms.SlugField(max_length=60, help_text="Never changes, such as custom-sla")
    field_order = ("name", "key")
