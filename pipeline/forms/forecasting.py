"""What the pages of the forecast are asked, and what is typed into them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from pipeline.forecasting.periods import Period, month_of, quarter_of, read_period
from pipeline.forecasting.whose import sellers_seen_by
from pipeline.models import Pipeline, StageRule
from revops.among import Among
from revops.frame.forms import DayField, MoneyField, PersonField
from revops.people.models import Team, User

Category = StageRule.ForecastCategory
LONGEST_YEARS = 10
CALLED = [
    (Category.COMMIT.value, "Commit: what it will come to"),
    (Category.BEST_CASE.value, "Best case: what it could come to"),
]


def check_order(form: forms.Form, cleaned: dict[str, Any]) -> None:
    """Let the form say so where its days do not follow one another."""
    since, until = cleaned.get("from"), cleaned.get("to")
    if since and until and until < since:
        form.add_error("to", ValidationError("The last day lies before the first."))
    elif since and until and until.year - since.year > LONGEST_YEARS:
        form.add_error("to", ValidationError(f"Ask for {LONGEST_YEARS} years at most."))


class WhoseForm(forms.Form):
    """Which pipeline and whose deals; what the address leaves open is answered as usual."""

    pipeline = forms.ModelChoiceField(
        Pipeline.objects.none(), to_field_name="key", empty_label=None, label="Pipeline"
    )
    person = PersonField(
        queryset=User.objects.none(), required=False, label="Person", empty_label="Everybody"
    )
    team = forms.ModelChoiceField(
        Team.objects.none(), required=False, label="Team", empty_label="Every team"
    )

    def __init__(self, data: Any, *, reader: User, today: date) -> None:
        given, self.today = data.copy(), today
        pipelines = Pipeline.objects.filter(versions__published_at__isnull=False).distinct()
        pipelines = pipelines.order_by("position", "pk")
        if not given.get("pipeline") and (first := pipelines.filter(retired_at=None).first()):
            given["pipeline"] = first.key
        self.complete(given)
        super().__init__(given)
        teams_of = dict(sellers_seen_by(reader).values_list("pk", "team"))
        self.leads = bool(teams_of.keys() - {reader.pk})
        self.fields["pipeline"].queryset = pipelines
        self.fields["person"].queryset = User.objects.filter(pk__in=Among(teams_of)).by_name()
        teams = {team for team in teams_of.values() if team}
        self.fields["team"].queryset = Team.objects.filter(pk__in=teams)
        self.has_choice = len(pipelines) > 1
        self.unasked = set() if self.leads else {"person", "team"}

    def complete(self, given: Any) -> None:
        """Fill in what the address leaves open."""

    @property
    def names_the_unseen(self) -> bool:
        """Whether it asks for somebody or something that this reader may not see."""
        return any(name in self.errors for name in ("pipeline", "person", "team"))


class PeriodForm(WhoseForm):
    """A forecast's question: a month or a quarter as well."""

    period = forms.CharField(required=False, max_length=7, widget=forms.HiddenInput)

    def complete(self, given: Any) -> None:
        if not given.get("period"):
            given["period"] = quarter_of(self.today).key

    def clean_period(self) -> Period:
        period = read_period(self.cleaned_data["period"])
        if period is None:
            raise ValidationError("A period is a month or a quarter, such as 2026-11 or 2026-Q4.")
        return period


class WaterfallForm(WhoseForm):
    """A waterfall's question: between which days, and for deals closing when."""

    closes = forms.ChoiceField(required=False, label="Deals closing in")

    def __init__(self, data: Any, *, reader: User, today: date) -> None:
        super().__init__(data, reader=reader, today=today)
        self.fields["from"] = DayField(label="From")
        self.fields["to"] = DayField(label="To")
        self.order_fields(["from", "to", "closes", "pipeline", "person", "team"])
        self.fields["closes"].choices = self.windows()

    def complete(self, given: Any) -> None:
        if not (given.get("from") or given.get("to")):
            given["from"] = month_of(self.today).starts_on.isoformat()
            given["to"] = self.today.isoformat()

    def windows(self) -> list[tuple[str, str]]:
        """The close dates that can be asked for, and whatever else the address names."""
        this = quarter_of(self.today)
        periods = [month_of(self.today).previous, month_of(self.today), month_of(self.today).next]
        periods += [this.previous, this, this.next]
        asked = read_period(str(self.data.get("closes", "")))
        if asked and asked not in periods:
            periods.append(asked)
        return [
            ("", "The same months or quarter"),
            *((period.key, period.label) for period in periods),
            ("all", "Any day, or none"),
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        check_order(self, cleaned)
        return cleaned


class CallForm(forms.Form):
    """What somebody calls for a line."""

    category = forms.ChoiceField(choices=CALLED, label="What is called")
    amount = MoneyField(min_value=Decimal(0), label="Amount, closed deals included")
    reason = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3}),
        label="Why it differs from what the deals add up to",
        max_length=2000,
    )

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"].set_currency(currency)


class DelayForm(WhoseForm):
    """Deals that closed between which days, and how."""

    status = forms.ChoiceField(
        required=False,
        label="Closed as",
        choices=[("", "Won or lost"), ("won", "Won"), ("lost", "Lost")],
    )

    def __init__(self, data: Any, *, reader: User, today: date) -> None:
        super().__init__(data, reader=reader, today=today)
        self.fields["from"] = DayField(label="Closed from")
        self.fields["to"] = DayField(label="to")
        self.order_fields(["from", "to", "status", "pipeline", "person", "team"])

    def complete(self, given: Any) -> None:
        if not (given.get("from") or given.get("to")):
            given["from"] = quarter_of(self.today).previous.starts_on.isoformat()
            given["to"] = self.today.isoformat()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        check_order(self, cleaned)
        return cleaned
