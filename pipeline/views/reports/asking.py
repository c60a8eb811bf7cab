"""What a reader asked of a report, and the address that asks the same again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlencode

from django.http import Http404
from django.utils import timezone

from pipeline.forms.reports import ReportForm
from pipeline.models import Pipeline
from pipeline.reports.periods import PRESETS, USUAL, Period, name_of
from pipeline.reports.scope import Scope
from pipeline.views.rows import shows_all
from revops.company.models import Company

BY = {
    "source": "Source",
    "owner": "Owner",
    "team": "Team",
    "product": "Product",
    "segment": "Segment",
    "competitor": "Competitor",
}


@dataclass(frozen=True)
class Question:
    """A report's question: the form as it stands and, where it is sound, what it means."""

    form: ReportForm
    scope: Scope
    period: Period
    by: str
    preset: str
    shows_all: bool = False
    """Whether long tables are shown whole."""

    @property
    def pipeline(self) -> Pipeline:
        return self.scope.pipeline

    @property
    def is_running(self) -> bool:
        """Whether its last day has not come yet."""
        return self.period.until >= self.scope.today

    @property
    def rates_day(self) -> date:
        """The day whose exchange rates its amounts are at."""
        return min(self.period.until, self.scope.today)

    @property
    def query(self) -> dict[str, str]:
        """Everything that was asked, with nothing left to defaults."""
        asked = {
            "from": self.period.since.isoformat(),
            "to": self.period.until.isoformat(),
            "pipeline": self.pipeline.key,
        }
        if self.scope.owner:
            asked["owner"] = str(self.scope.owner.pk)
        if self.scope.team:
            asked["team"] = str(self.scope.team.pk)
        asked |= {"rows": "all"} if self.shows_all else {}
        return asked | ({"by": self.by} if self.by else {})

    def address(self, **changes: str) -> str:
        """The query of this report with some of it changed."""
        return "?" + urlencode(self.query | changes)

    @property
    def short_address(self) -> str:
        """The query of this report with the first rows of long tables alone."""
        asked = {key: value for key, value in self.query.items() if key != "rows"}
        return "?" + urlencode(asked)

    def preset_address(self, preset: str) -> str:
        """The query for a span that goes with the calendar."""
        kept = {key: value for key, value in self.query.items() if key not in ("from", "to")}
        return "?" + urlencode({"period": preset} | kept)

    @property
    def presets(self) -> list[dict[str, object]]:
        return [
            {"label": label, "url": self.preset_address(key), "current": key == self.preset}
            for key, label in PRESETS.items()
        ]


def read_question(
    request, *, bys: Sequence[str] = (), usual: str = USUAL, is_now: bool = False
) -> tuple[ReportForm, Question | None]:
    """The form, and the question where its days are sound.

    Raises Http404 where it names a pipeline, a person or a team that is not there for the reader.
    """
    at = timezone.now()
    today = Company.get().local_day(at)
    form = ReportForm(request.GET, reader=request.user, today=today, usual=usual, is_now=is_now)
    is_sound = form.is_valid()
    if form.names_the_unseen:
        raise Http404
    if not is_sound:
        return form, None
    return form, question_from(form, request, at, today, bys)


def question_from(form: ReportForm, request, at: datetime, today, bys: Sequence[str]) -> Question:
    period, given = form.period, form.cleaned_data
    by = request.GET.get("by", "")
    scope = Scope(
        pipeline=given["pipeline"],
        since=period.since,
        until=period.until,
        at=at,
        reader=request.user,
        owner=given["owner"],
        team=given["team"],
    )
    return Question(
        form=form,
        scope=scope,
        period=period,
        by=by if by in bys else (bys[0] if bys else ""),
        preset=form.preset or name_of(period, today),
        shows_all=shows_all(request),
    )
