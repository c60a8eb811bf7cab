"""Mails of the morning: what is new each day, and the state of the pipeline on Mondays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.urls import reverse

from pipeline.alerting.digests import READERS, Figure, figures, whose
from pipeline.alerting.mornings import Week, last_monday, last_morning, morning_of
from pipeline.alerting.waiting import is_at_work, waiting_facts, waiting_since
from pipeline.alerting.wording import facts_of
from pipeline.findings import read_context
from pipeline.models import AlertPreference, DigestSent
from pipeline.operations.alerts import Cadence, take_untold
from revops.company.models import Company
from revops.frame.formats import compact_money_text, money_text, rounded
from revops.locks import Lock, lock_exclusively
from revops.outbox.operations import notify
from revops.people.actor import Actor
from revops.people.models import User

DAILY, WEEKLY = DigestSent.Kind.DAILY, DigestSent.Kind.WEEKLY
WAITING = DigestSent.Kind.WAITING
MADE_UP_FOR = timedelta(days=4)
"""How late a morning's mail still comes: a Monday that nothing ran on is told until Friday."""


@dataclass(frozen=True)
class Reader:
    """A person with what they chose, or what counts where they chose nothing."""

    person: User
    zone: ZoneInfo
    cadence: str = Cadence.IMMEDIATE
    weekly_digest: bool = True
    waiting_digest: bool = True
    waited_for_since: datetime | None = None

    @property
    def wants_figures(self) -> bool:
        return self.weekly_digest and self.person.has_role(*READERS)

    def mornings(self, at: datetime) -> Iterator[tuple[str, date]]:
        """The mails that this person's last mornings asked for."""
        if self.cadence == Cadence.DAILY:
            yield DAILY, last_morning(at, self.zone)
        if self.wants_figures or self.cadence == Cadence.WEEKLY:
            yield WEEKLY, last_monday(at, self.zone)
        if self.waiting_digest and self.waited_for_since:
            day = last_morning(at, self.zone)
            # What came later in the day was mailed by itself, and waits for the next morning.
            if self.waited_for_since < morning_of(day, self.zone):
                yield WAITING, day


def send_digests(*, by: Actor, at: datetime) -> int:
    """Send everybody whose morning has come what they want of it; return how many were sent.

    A morning missed while nothing ran is made up for once, by its latest mail alone. Each mail is
    a transaction of its own, and its row lets nobody have it twice.
    """
    sent = 0
    for reader, kind, day in due(at):
        with transaction.atomic(durable=True):
            lock_exclusively(Lock.ALERTS)
            sent += send(reader, kind, day, at=at)
    return sent


def due(at: datetime) -> list[tuple[Reader, str, date]]:
    """The mails of mornings that have come and are not settled yet."""
    settled = set(
        DigestSent.objects.filter(day__gte=at.date() - timedelta(days=9)).values_list(
            "person", "kind", "day"
        )
    )
    return [
        (reader, kind, day)
        for reader in readers()
        for kind, day in reader.mornings(at)
        if (reader.person.pk, kind, day) not in settled and is_worth_it(reader, day, at)
    ]


def readers() -> list[Reader]:
    """Everybody who may be mailed, with what they chose."""
    chosen = {row.person_id: row for row in AlertPreference.objects.all()}
    company, waited_for = Company.get().zone_info, waiting_since()
    found = []
    for person in User.objects.admitted().prefetch_related("role_grants").order_by("pk"):
        zone = ZoneInfo(person.zone) if person.zone else company
        row = chosen.get(person.pk) or AlertPreference()
        found.append(
            Reader(
                person,
                zone,
                row.cadence,
                row.weekly_digest,
                row.waiting_digest,
                waited_for.get(person.pk),
            )
        )
    return found


def is_worth_it(reader: Reader, day: date, at: datetime) -> bool:
    """Whether the reader was here that morning, and it is not too long ago."""
    morning, admitted = morning_of(day, reader.zone), reader.person.admitted_at
    return admitted is not None and admitted <= morning and at - morning < MADE_UP_FOR


def send(reader: Reader, kind: str, day: date, *, at: datetime) -> bool:
    """Settle one morning of one person, and mail them unless there is nothing to say."""
    row, is_new = DigestSent.objects.get_or_create(
        person=reader.person, kind=kind, day=day, defaults={"sent_at": at}
    )
    if not is_new:
        return False
    if kind == WAITING:
        here = is_at_work(reader.person, day, at)
        facts = waiting_facts(reader.person, at) if here else {}
    else:
        facts = weekly_facts(reader, row, at=at) if kind == WEEKLY else {}
        facts |= new_findings(reader, kind, at=at)
    if not facts:
        return False
    notify(
        reader.person,
        f"digest.{kind}",
        about=row,
        dedupe_key=day.isoformat(),
        at=at,
        context={"day": day, **facts},
        link=f"digest:{row.pk}",
    )
    return True


def new_findings(reader: Reader, kind: str, *, at: datetime) -> dict[str, Any]:
    """What was found since the last mail, for who wants it with this one."""
    if reader.cadence != {DAILY: Cadence.DAILY, WEEKLY: Cadence.WEEKLY}[DigestSent.Kind(kind)]:
        return {}
    alerts = take_untold(reader.person, at=at)
    return {"found": facts_of(alerts, reader.person, read_context(at))} if alerts else {}


def weekly_facts(reader: Reader, row: DigestSent, *, at: datetime) -> dict[str, Any]:
    """The figures of a Monday; nothing where every one of them is nought."""
    if not reader.wants_figures:
        return {}
    counted = figures(reader.person, Week(row.day, reader.zone), at=at)
    if not any(each.count for each in counted):
        return {}
    return {
        "covers": whose(reader.person)[1],
        "figures": [fact_of(each, row) for each in counted],
        "unconverted": sorted({name for each in counted for name in each.unconverted}),
    }


def fact_of(figure: Figure, row: DigestSent) -> dict[str, Any]:
    return {
        "key": figure.section.key,
        "label": figure.section.label,
        "count": figure.count,
        "sum": money_text(rounded(figure.amount, figure.currency), figure.currency),
        "short": compact_money_text(figure.amount, figure.currency),
        "path": reverse("pipeline:digest-section", args=[row.pk, figure.section.key]),
    }
