"""What a report is asked: which days, which pipeline, whose deals. All of it is in the address."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.db.models.functions import Lower

from pipeline.models import Pipeline, StageRollup
from pipeline.models.visibility import line_of, sees_all_deals
from pipeline.reports.periods import PRESETS, USUAL, Period, named
from revops.frame.forms import DayField, PersonField
from revops.people.models import Team, User

LONGEST_YEARS = 20
UNSEEN = ("pipeline", "owner", "team")
"""Fields whose wrong value names something that is not there for the reader."""


class ReportForm(forms.Form):
    """The question; what the address leaves open is answered as usual."""

    owner = PersonField(
        queryset=User.objects.none(), required=False, label="Owner", empty_label="Everybody"
    )
    team = forms.ModelChoiceField(
        Team.objects.none(), required=False, label="Team", empty_label="Every team"
    )
    pipeline = forms.ModelChoiceField(
        Pipeline.objects.none(),
        required=False,
        to_field_name="key",
        empty_label=None,
        label="Pipeline",
    )

    def __init__(
        self, data: Any, *, reader: User, today: date, usual: str = USUAL, is_now: bool = False
    ) -> None:
        given = data.copy()
        if is_now:
            given["period"], given["from"], given["to"] = "", f"{today}", f"{today}"
        preset = given.get("period", "")
        self.preset = preset if preset in PRESETS else ""
        if not self.preset and not (given.get("from") or given.get("to")):
            self.preset = usual
        if self.preset:
            period = named(self.preset, today)
            given["from"], given["to"] = period.since.isoformat(), period.until.isoformat()
        pipelines = Pipeline.objects.with_rules()
        if not given.get("pipeline") and (first := pipelines.filter(retired_at=None).first()):
            given["pipeline"] = first.key
        super().__init__(given)
        self.fields["from"] = DayField(label="From", required=False)
        self.fields["to"] = DayField(label="To", required=False)
        self.fields["pipeline"].queryset = pipelines
        people = owners_for(reader)
        self.fields["owner"].queryset = people
        self.fields["team"].queryset = Team.objects.filter(
            pk__in=people.order_by().values("team")
        ).order_by("name", "pk")
        self.leads = sees_all_deals(reader) or people.exclude(pk=reader.pk).exists()
        self.has_choice = pipelines.count() > 1

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        since, until = cleaned.get("from"), cleaned.get("to")
        for name in ("from", "to"):
            if not cleaned.get(name) and name not in self.errors:
                self.add_error(name, ValidationError("Give both days, or choose a period."))
        if since and until and until < since:
            self.add_error("to", ValidationError("The last day lies before the first."))
        elif since and until and until.year - since.year > LONGEST_YEARS:
            self.add_error("to", ValidationError(f"Ask for {LONGEST_YEARS} years at most."))
        return cleaned

    @property
    def names_the_unseen(self) -> bool:
        """Whether it asks for somebody or something that this reader may not see."""
        nothing = self.is_bound and not self.cleaned_data.get("pipeline")
        return nothing or any(name in self.errors for name in UNSEEN)

    @property
    def period(self) -> Period:
        return Period(self.cleaned_data["from"], self.cleaned_data["to"])


def owners_for(reader: User) -> Any:
    """Whose numbers a reader may ask for: everybody with deals, their line, or themselves."""
    people = User.objects.filter(
        Q(pk__in=StageRollup.objects.filter(count__gt=0).values("owner")) | Q(pk=reader.pk)
    )
    if not sees_all_deals(reader):
        people = people.filter(pk__in=line_people(reader))
    return people.order_by(Lower("name"), "pk")


def line_people(reader: User) -> Any:
    from revops.people.models import ReportingLink

    if line_of(reader) == Q(owner=reader):
        return [reader.pk]
    return [
        reader.pk,
        *ReportingLink.objects.filter(ancestor=reader).values_list("descendant", flat=True),
    ]
