"""A quote in a few figures, tried on the draft and on the policy in force."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms

from dealdesk.policy import Policy
from dealdesk.policycases import Case, CaseFacts, Expected, asked_words, run_case
from dealdesk.policyforms.shared import Ground
from revops.frame.forms import MoneyField, PercentField


class TryForm(forms.Form):
    """Standard in all but what is typed."""

    use_required_attribute = False

    discount = PercentField(label="Discount", min_value=0, max_value=100, decimal_places=4)
    months = forms.IntegerField(label="Term, months", min_value=1, max_value=240)
    value = MoneyField(label="Annual value", min_value=1, max_value=Decimal(10**12))
    days = forms.IntegerField(label="Payment, net days", min_value=0, max_value=3650)
    segment = forms.ChoiceField()

    def __init__(self, *args: Any, policy: Policy, ground: Ground, **kwargs: Any) -> None:
        kwargs["initial"] = {
            "discount": Decimal(15),
            "months": 12,
            "value": Decimal(20000),
            "days": policy.terms.payment.rank,
            "segment": policy.segments[0].key if policy.segments else "",
        }
        super().__init__(*args, **kwargs)
        self.fields["value"].set_currency(ground.currency)  # type: ignore[attr-defined]
        segments = [(band.key, band.label) for band in policy.segments]
        self.fields["segment"].choices = segments or [("", "None")]  # type: ignore[attr-defined]

    def asked(self, policy: Policy) -> str:
        """Whom this policy asks, in words; only after `is_valid`."""
        said = self.cleaned_data
        facts = CaseFacts(
            discount_percent=said["discount"],
            annual_value=said["value"],
            months=said["months"],
            segment=said["segment"],
            payment_days=said["days"],
        )
        return asked_words(run_case(policy, Case("tried", facts, Expected.ASKED)).route)
