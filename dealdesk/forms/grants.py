"""What is typed to lend authority."""

from __future__ import annotations

from typing import Any

from django import forms

from dealdesk.granting import most_that_may_be_given
from dealdesk.models import NonStandardTerm, Product
from dealdesk.operations.grants import GIVEN_BY, judges
from dealdesk.policy import Policy
from pipeline.models import Account, Segment
from revops.frame.forms import DayField, MoneyField, PercentField, PersonField
from revops.people.models import Role, Team, User


class GrantForm(forms.Form):
    """To whom, for what, how often and how much; what is left empty does not limit."""

    role = forms.ChoiceField(label="In your role")
    person = PersonField(queryset=User.objects.none(), required=False, label="To a person")
    team = forms.ModelChoiceField(
        Team.objects.all(), required=False, label="or to a team", empty_label="No team"
    )
    max_discount_percent = PercentField(label="Discount up to")
    max_uses = forms.IntegerField(label="For so many requests", min_value=1, max_value=10000)
    max_amount = MoneyField(label="Discount in all")
    ends_on = DayField(label="Last day")
    families = forms.MultipleChoiceField(
        label="Only these product families", required=False, widget=forms.CheckboxSelectMultiple
    )
    segments = forms.MultipleChoiceField(
        label="Only these segments",
        required=False,
        choices=Segment.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    terms = forms.MultipleChoiceField(
        label="These terms of the catalogue too",
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    accounts = forms.CharField(
        label="Only these accounts",
        required=False,
        widget=forms.Textarea({"rows": 2}),
        help_text="One name on each line.",
    )
    note = forms.CharField(
        label="Why", required=False, max_length=2000, widget=forms.Textarea({"rows": 2})
    )

    def __init__(self, *args: Any, giver: User, policy: Policy, currency: str, **kwargs: Any):
        super().__init__(*args, **kwargs)
        roles = [role for role in GIVEN_BY if giver.has_role(role)]
        self.fields["role"].choices = [(r.value, role_label(r, policy)) for r in roles]
        sellers = User.objects.admitted().holding(Role.REP, Role.SALES_MANAGER)
        self.fields["person"].queryset = sellers.exclude(pk=giver.pk).distinct().order_by("name")
        self.fields["max_amount"].widget.unit = currency
        names = Product.objects.exclude(family="").values_list("family", flat=True)
        self.fields["families"].choices = [(n, n) for n in sorted(set(names))]
        own = {role.value for role in roles}
        terms = NonStandardTerm.objects.filter(retired_at=None).order_by("category", "position")
        mine = [(term.key, term.name) for term in terms if judges(term, policy) & own]
        self.fields["terms"].choices = mine
        for name in ("families", "terms"):
            if not self.fields[name].choices:
                del self.fields[name]

    def clean_accounts(self) -> list[Account]:
        names = [line.strip() for line in self.cleaned_data["accounts"].splitlines()]
        names = list(filter(None, names))
        found = {account.name: account for account in Account.objects.filter(name__in=names)}
        missing = [name for name in names if name not in found]
        if missing:
            raise forms.ValidationError(f"There is no account {', '.join(missing)}.")
        return list(found.values())


def role_label(role: Role, policy: Policy) -> str:
    most = most_that_may_be_given(role, policy)
    return f"{role.label}, who decides {'on any' if most >= 100 else f'below {most:f} %'}"
