"""The deals behind a number of a report: which they are, in the address and in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Trim
from django.db.models.lookups import Exact

from pipeline.models import (
    Choice,
    ClosePullIn,
    ClosePush,
    Deal,
    Pipeline,
    Segment,
    Stage,
    StageVisit,
)
from revops.addresses import number_in
from revops.company.models import Company
from revops.frame.formats import day_text
from revops.people.models import Team, User

NONE = "-"
"""What the address says for a value that was left empty."""
DAYS = ("closed", "opened", "due", "pushed", "pulled", "entered", "left")
LONGEST = 200


@dataclass(frozen=True)
class Span:
    """Days, both ends included; an open end knows no bound."""

    since: date | None = None
    until: date | None = None

    def __bool__(self) -> bool:
        return self.since is not None or self.until is not None

    def on_day(self, field: str) -> Q:
        found = Q()
        if self.since:
            found &= Q(**{f"{field}__gte": self.since})
        if self.until:
            found &= Q(**{f"{field}__lte": self.until})
        return found

    def at_moment(self, field: str) -> Q:
        """The moments of these days where the company is."""
        zone, found = Company.get().zone_info, Q()
        if self.since:
            found &= Q(**{f"{field}__gte": datetime.combine(self.since, time.min, zone)})
        if self.until:
            after = self.until + timedelta(days=1)
            found &= Q(**{f"{field}__lt": datetime.combine(after, time.min, zone)})
        return found

    def __str__(self) -> str:
        if self.since and self.until:
            if self.since == self.until:
                return f"on {day_text(self.since)}"
            return f"{day_text(self.since)} – {day_text(self.until)}"
        if self.since:
            return f"from {day_text(self.since)}"
        return f"until {day_text(self.until)}" if self.until else ""


NEVER = Span()


@dataclass(frozen=True)
class Behind:
    """What a number counted; an empty part is not asked."""

    pipeline: str = ""
    ended: str = ""
    of_owner: str = ""
    of_team: str = ""
    of_source: str = ""
    of_product: str = ""
    of_segment: str = ""
    of_competitor: str = ""
    of_reason: str = ""
    stage: str = ""
    """The stage that `entered` and `left` are about."""
    why: str = ""
    """The reason of a push."""
    finding: str = ""
    """What is wrong with them; whoever reads the deals judges that, as of now."""
    closed: Span = NEVER
    opened: Span = NEVER
    due: Span = NEVER
    pushed: Span = NEVER
    pulled: Span = NEVER
    entered: Span = NEVER
    left: Span = NEVER

    def __bool__(self) -> bool:
        return self != NOTHING

    # In the address

    @classmethod
    def read(cls, given: Mapping[str, str]) -> Behind:
        """What the address says; a part that cannot be read is not asked."""
        parts: dict[str, Any] = {
            name: Span(day_in(given.get(f"{name}_from")), day_in(given.get(f"{name}_to")))
            for name in DAYS
        }
        for each in fields(cls):
            if each.name not in parts:
                parts[each.name] = str(given.get(param_of(each.name), "") or "")[:LONGEST]
        return cls(**parts)

    @property
    def query(self) -> dict[str, str]:
        """The address that asks for these deals."""
        asked: dict[str, str] = {}
        for name in PARTS:
            value = getattr(self, name)
            if value is NEVER or not value:
                continue
            if not isinstance(value, Span):
                asked[param_of(name)] = value
                continue
            if value.since:
                asked[f"{name}_from"] = value.since.isoformat()
            if value.until:
                asked[f"{name}_to"] = value.until.isoformat()
        return asked

    # In the database

    @property
    def condition(self) -> Q:
        """The condition for the deals."""
        found = Q(pipeline__key=self.pipeline) if self.pipeline else Q()
        found &= self.outcome & self.person & self.kind
        found &= self.closed.on_day("closed_on") & self.opened.on_day("opened_on")
        found &= self.due.on_day("close_date")
        return found & self.history

    @property
    def outcome(self) -> Q:
        if self.ended == "closed":
            return ~Q(status=Deal.Status.OPEN)
        return Q(status=self.ended) if self.ended in Deal.Status.values else Q()

    @property
    def person(self) -> Q:
        """Whose they were when they closed, or are while open."""
        found = Q()
        if self.of_owner:
            owner = number_in(self.of_owner) or 0
            found &= Q(closed_owner=owner) | Q(closed_owner=None, owner=owner)
        if self.of_team:
            team = None if self.of_team == NONE else number_in(self.of_team) or 0
            is_open = Q(status=Deal.Status.OPEN)
            found &= (is_open & Q(owner__team=team)) | (~is_open & Q(closed_team=team))
        return found

    @property
    def kind(self) -> Q:
        columns = {
            "deal_source": self.of_source,
            "product": self.of_product,
            "closed_segment": self.of_segment,
            "loss_reason": self.of_reason,
        }
        found = Q(
            **{name: "" if value == NONE else value for name, value in columns.items() if value}
        )
        if self.of_competitor:
            # A name is typed, so blanks around it are no other competitor.
            rival = "" if self.of_competitor == NONE else self.of_competitor
            found &= Q(Exact(Trim("competitor"), rival))
        return found

    @property
    def history(self) -> Q:
        """What happened to them, each kind of row asked by itself."""
        found = Q()
        if self.pushed:
            pushes = ClosePush.objects.filter(self.pushed.at_moment("pushed_at"))
            found &= of_rows(pushes.filter(reason_key=self.why) if self.why else pushes)
        if self.pulled:
            found &= of_rows(ClosePullIn.objects.filter(self.pulled.at_moment("pulled_at")))
        for span, field in ((self.entered, "entered_at"), (self.left, "left_at")):
            if span and self.stage:
                of_stage = {"stage__key": self.stage}
                if self.pipeline:
                    of_stage["stage__pipeline__key"] = self.pipeline
                visits = StageVisit.objects.filter(**of_stage)
                found &= of_rows(visits.filter(span.at_moment(field)))
                if field == "entered_at" and span.since:
                    # A cohort is of those that came for the first time.
                    before = Span(None, span.since - timedelta(days=1))
                    found &= ~of_rows(visits.filter(before.at_moment(field)))
        return found

    # In words

    @property
    def words(self) -> list[str]:
        """What was asked, for whoever looks at the list."""
        return [*self.said_of_deals, *self.said_of_days]

    @property
    def said_of_deals(self) -> list[str]:
        known = [
            (self.pipeline, lambda: name_in(Pipeline.objects.filter(key=self.pipeline))),
            (self.ended, lambda: self.ended.capitalize()),
            (self.of_owner, lambda: person_in(self.of_owner)),
            (self.of_team, lambda: team_in(self.of_team)),
            (self.of_source, lambda: chosen("Source", "source", self.of_source)),
            (self.of_product, lambda: f"Product: {plain(self.of_product)}"),
            (self.of_segment, lambda: f"Segment: {segment_name(self.of_segment)}"),
            (self.of_competitor, lambda: f"Competitor: {plain(self.of_competitor)}"),
            (self.of_reason, lambda: chosen("Lost for", "loss_reason", self.of_reason)),
            (self.finding, lambda: self.finding.replace("_", " ").capitalize()),
        ]
        return [say() for value, say in known if value]

    @property
    def said_of_days(self) -> list[str]:
        stage = name_in(Stage.objects.filter(key=self.stage)) if self.stage else ""
        why = chosen("for", "push_reason", self.why) if self.why else ""
        said = {
            "closed": "Closed {}",
            "opened": "Opened {}",
            "due": "Close date {}",
            "pushed": f"Pushed {{}} {why}",
            "pulled": "Pulled in {}",
            "entered": f"Entered {stage} {{}}",
            "left": f"Left {stage} {{}}",
        }
        return [
            text.format(span).strip()
            for name, text in said.items()
            if (span := getattr(self, name))
        ]


NOTHING = Behind()
PARTS = tuple(each.name for each in fields(Behind))
PARAMS = {"pipeline": "in", "stage": "at_stage"}


def param_of(name: str) -> str:
    """What a part is called in the address; the deal list has filters of its own beside it."""
    return PARAMS.get(name, name)


def day_in(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


def of_rows(rows: QuerySet[Any]) -> Q:
    """Deals that have one of these rows; as numbers, since they are found by day, not by deal."""
    return Q(pk__in=rows.order_by().values("deal"))


def name_in(rows: QuerySet[Any]) -> str:
    return str(rows.values_list("name", flat=True).first() or "Not known")


def person_in(text: str) -> str:
    return name_in(User.objects.filter(pk=number_in(text) or 0))


def team_in(text: str) -> str:
    return "No team" if text == NONE else name_in(Team.objects.filter(pk=number_in(text) or 0))


def chosen(label: str, which: str, key: str) -> str:
    choice = Choice.objects.filter(list=which, key=key).first()
    return f"{label}: {choice.label if choice else plain(key)}"


def plain(value: str) -> str:
    return "none" if value == NONE else value


def segment_name(value: str) -> str:
    return dict(Segment.choices).get(value, plain(value))
