"""Quotas as a table of people and months, or quarters."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import Http404
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from pipeline import operations
from pipeline.forecasting.money import conversion_of
from pipeline.forecasting.periods import Period, month_of, quarter_of
from pipeline.forecasting.whose import check_can_see_forecast, people_seen_by, sellers_seen_by
from pipeline.models import Pipeline, Quota
from pipeline.operations.quotas import Target
from pipeline.views.forecast.asking import file_asked, link, tabs_of, today_of
from pipeline.views.rows import first_of, shows_all
from pipeline.views.shared import by_and_at
from revops.addresses import number_in
from revops.company.models import Company
from revops.company.permissions import check_can_administer
from revops.exports import Sheet, file_response
from revops.frame.formats import minor_unit, number_text
from revops.frame.forms import decimals_of, parse_number
from revops.people.actor import Actor
from revops.people.models import User
from revops.refusals import NotAllowed, Refused

FIRST_YEAR, LAST_YEAR = 1990, 2150
HEADER = ["Person", "Address", "From", "To", "Pipeline", "Amount", "Currency"]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def quota_list(request):
    """What people are to win; RevOps types over it, everybody else reads their own line's."""
    check_can_see_forecast(request.user)
    table = Table(request)
    if request.method == "POST":
        check_can_administer(Actor.from_request(request))
        targets = table.read(request.POST)
        if not table.errors:
            return saved(request, table, targets)
    if kind := file_asked(request):
        return file_response(kind, f"quotas {table.year}", [Sheet("Quotas", HEADER, table.all())])
    status = 422 if table.errors else 200
    return render(request, "pipeline/forecast/quotas.html", table.context(), status=status)


def saved(request, table: Table, targets):
    try:
        done = operations.set_quotas(targets=targets, pipeline=table.pipeline, **by_and_at(request))
    except Refused as refused:
        if isinstance(refused, NotAllowed):
            raise
        table.errors["__all__"] = refused.message
        return render(request, "pipeline/forecast/quotas.html", table.context(), status=422)
    if done.total:
        parts = [
            f"{number} {word}"
            for number, word in (
                (done.entered, "entered"), (done.changed, "changed"), (done.removed, "removed"),
            )
            if number
        ]  # fmt: skip
        messages.success(request, f"Quotas: {', '.join(parts)}.")
    else:
        messages.info(request, "Nothing changed.")
    return redirect(table.address)


class Table:
    """People down, periods across: what is kept, and what was typed over it."""

    def __init__(self, request) -> None:
        self.request, self.today = request, today_of()
        self.year = year_in(request.GET.get("year", ""), self.today)
        self.by = "month" if request.GET.get("by") == "month" else "quarter"
        self.pipelines = list(Pipeline.objects.filter(retired_at=None).order_by("position", "pk"))
        self.pipeline = self.pipeline_in(request.GET.get("for", ""))
        self.periods = list(periods_of(self.year, self.by))
        self.currency = Company.get().currency
        self.everybody = self.people_concerned()
        is_whole = request.method == "POST" or "format" in request.GET or shows_all(request)
        self.people = first_of(self.everybody, is_whole)
        self.kept = {
            (quota.person_id, quota.starts_on, quota.ends_on): quota for quota in self.quotas()
        }
        self.errors: dict[str, str] = {}
        self.typed: dict[str, str] = {}
        self.may_edit = request.user.is_staff

    def pipeline_in(self, key: str) -> Pipeline | None:
        if not key:
            return None
        for pipeline in self.pipelines:
            if pipeline.key == key:
                return pipeline
        raise Http404

    def people_concerned(self) -> list[User]:
        """Who sells now, and whoever has a quota in the year."""
        sellers = sellers_seen_by(self.request.user)
        seen = people_seen_by(self.request.user)
        others = User.objects.filter(pk__in=self.quotas_of_year().values("person"))
        others = others if seen is None else others.filter(pk__in=seen)
        found = {person.pk: person for person in [*sellers, *others]}
        return sorted(found.values(), key=lambda person: (person.name.casefold(), person.pk))

    def quotas_of_year(self):
        first, last = date(self.year, 1, 1), date(self.year, 12, 31)
        return Quota.objects.filter(starts_on__gte=first, ends_on__lte=last, pipeline=self.pipeline)

    def quotas(self):
        return self.quotas_of_year().filter(person__in=self.people)

    @property
    def address(self) -> str:
        return link("pipeline:quota-list", self.query)

    @property
    def query(self) -> dict[str, str]:
        key = self.pipeline.key if self.pipeline else ""
        found = {"year": str(self.year), "by": self.by, "for": key}
        return found | ({"rows": "all"} if shows_all(self.request) else {})

    def read(self, data) -> list[Target]:
        """What was typed, where it differs from what is kept."""
        targets = []
        for person in self.people:
            for period in self.periods:
                name = name_of(person, period)
                if name not in data:
                    continue
                text = data[name].strip()[:40]
                kept = self.kept.get((person.pk, period.starts_on, period.ends_on))
                if text == shown(kept):
                    continue
                self.typed[name] = text
                try:
                    targets.append(Target(person, period, self.amount_in(text)))
                except ValueError as fault:
                    self.errors[name] = f"{person.name}, {period.label}: {fault}"
        return targets

    def amount_in(self, text: str) -> Decimal | None:
        if not text:
            return None
        try:
            amount = parse_number(text)
        except InvalidOperation:
            raise ValueError("enter a number, such as 250,000.") from None
        if amount == 0:
            return None
        if amount < 0:
            raise ValueError("a quota is above nought.")
        if decimals_of(amount) > minor_unit(self.currency):
            raise ValueError(f"{self.currency} has {minor_unit(self.currency)} decimals.")
        if amount >= Decimal(10) ** 14:
            raise ValueError("this is more than anybody sells.")
        return amount

    def context(self) -> dict[str, object]:
        rows = [self.row(person) for person in self.people]
        return {
            "table": self,
            "rows": rows,
            "totals": [
                sum((row["amounts"][at] or 0 for row in rows), Decimal(0))
                for at in range(len(self.periods))
            ],
            "total": sum((row["total"] for row in rows), Decimal(0)),
            "tabs": tabs_of({}, "quotas"),
            "before": link("pipeline:quota-list", self.query, year=self.year - 1),
            "after": link("pipeline:quota-list", self.query, year=self.year + 1),
            "lengths": [
                {
                    "label": label,
                    "url": link("pipeline:quota-list", self.query, by=by),
                    "current": self.by == by,
                }
                for label, by in (("Months", "month"), ("Quarters", "quarter"))
            ],
            "errors": list(self.errors.values()),
            "first_error": next(iter(self.errors), ""),
            "others": self.others(),
        }

    def row(self, person: User) -> dict[str, object]:
        cells, amounts = [], []
        for period in self.periods:
            name = name_of(person, period)
            quota = self.kept.get((person.pk, period.starts_on, period.ends_on))
            amounts.append(self.convert(quota))
            cells.append(
                {
                    "name": name,
                    "label": f"{person.name}, {period.label}",
                    "value": self.typed.get(name, shown(quota)),
                    "quota": quota,
                    "error": self.errors.get(name, ""),
                }
            )
        total = sum((amount or 0 for amount in amounts), Decimal(0))
        return {"person": person, "cells": cells, "amounts": amounts, "total": total}

    def convert(self, quota: Quota | None) -> Decimal | None:
        if quota is None:
            return None
        if not hasattr(self, "_conversion"):
            self._conversion = conversion_of(self.today)
        return self._conversion({quota.currency: quota.amount})

    def others(self) -> int:
        """Quotas of this year for other spans than the columns: they count, and are not shown."""
        shown = Q()
        for period in self.periods:
            shown |= Q(starts_on=period.starts_on, ends_on=period.ends_on)
        return self.quotas_of_year().filter(person__in=self.everybody).exclude(shown).count()

    def all(self) -> Iterator[list[object]]:
        rows = self.quotas().select_related("person", "pipeline")
        for quota in rows.order_by("person__name", "person", "starts_on", "ends_on"):
            yield [
                quota.person.name,
                quota.person.email,
                quota.starts_on,
                quota.ends_on,
                quota.pipeline.name if quota.pipeline else "",
                quota.amount,
                quota.currency,
            ]


def year_in(text: str, today: date) -> int:
    year = number_in(text)
    return year if year is not None and FIRST_YEAR <= year <= LAST_YEAR else today.year


def periods_of(year: int, by: str) -> Iterator[Period]:
    if by == "month":
        yield from (month_of(date(year, month, 1)) for month in range(1, 13))
    else:
        yield from (quarter_of(date(year, month, 1)) for month in (1, 4, 7, 10))


def name_of(person: User, period: Period) -> str:
    return f"q-{person.pk}-{period.key}"


def shown(quota: Quota | None) -> str:
    """A quota as its field shows it."""
    if quota is None:
        return ""
    whole = quota.amount == quota.amount.to_integral_value()
    return number_text(quota.amount, 0 if whole else 2)
