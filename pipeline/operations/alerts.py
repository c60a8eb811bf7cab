"""Alerts: how often each person wants them, and the sweep that finds and tells what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import CharField, Exists, OuterRef, QuerySet
from django.db.models.functions import Cast

from pipeline.alerting.answers import answered_at
from pipeline.alerting.audience import STALE, Line, told_kinds
from pipeline.alerting.mornings import last_monday, last_morning
from pipeline.alerting.wording import facts_of
from pipeline.findings import Context, Finding, findings_for, read_context
from pipeline.models import AlertPreference, Deal, DigestSent, FindingAlert
from revops.ledger.operations import record
from revops.locks import Lock, lock_exclusively
from revops.models import check_version
from revops.outbox.models import Notification
from revops.outbox.operations import notify
from revops.people.actor import Actor
from revops.people.models import User
from revops.refusals import NotAllowed, Refused
from revops.work.models import Task
from revops.work.operations import TaskDraft, add_tasks, cancel_tasks
from revops.worktime.arithmetic import add_business_time
from revops.worktime.calendars import calendar_of

Cadence = AlertPreference.Cadence

BATCH = 500
DAY_TO_FILL_IN = timedelta(days=1)
AT_ONCE_TRUE = frozenset({"no_next_step", "no_decision_maker"})
"""True of a deal the moment it is entered or moved; whoever did that has a day to go on."""
ANSWER_WITHIN = timedelta(days=7)
UPDATE_WITHIN_DAYS = 3
UPDATE = "update_or_close"
HAND_OFF = "cs_handoff"


@transaction.atomic(durable=True)
def set_alert_preference(
    *,
    person: User,
    cadence: str,
    weekly_digest: bool,
    waiting_digest: bool | None = None,
    version: int | None = None,
    by: Actor,
    at: datetime,
) -> AlertPreference:
    """Let a person say how often findings are told to them, and which mornings bring a digest.

    What is not said of working mornings (None) stays. A new rhythm begins with its next morning.
    Raises NotAllowed for anybody else.
    """
    if by.user is not None and by.user.pk != person.pk:
        raise NotAllowed("Everybody chooses for themselves how often they are told.")
    if cadence not in Cadence.values:
        raise Refused("Choose one of the ways to be told.", code="invalid", field="cadence")
    preference, _ = AlertPreference.objects.select_for_update().get_or_create(person=person)
    check_version(preference, version)
    if waiting_digest is None:
        waiting_digest = preference.waiting_digest
    after = {
        "cadence": cadence,
        "weekly_digest": weekly_digest,
        "waiting_digest": waiting_digest,
    }
    before = {name: getattr(preference, name) for name in after}
    for name, value in after.items():
        setattr(preference, name, value)
    preference.save_version(update_fields=after)
    settle_mornings(person, at=at)
    record("person.alerts_chosen", person, by=by, at=at, before=before, after=after)
    return preference


def settle_mornings(person: User, *, at: datetime) -> None:
    """Count the mornings that have passed as done, so that a new rhythm does not begin at once."""
    zone = person.get_zone()
    days = {
        DigestSent.Kind.DAILY: last_morning(at, zone),
        DigestSent.Kind.WEEKLY: last_monday(at, zone),
        DigestSent.Kind.WAITING: last_morning(at, zone),
    }
    DigestSent.objects.bulk_create(
        [DigestSent(person=person, kind=kind, day=day, sent_at=at) for kind, day in days.items()],
        ignore_conflicts=True,
    )


# The sweep


@dataclass(frozen=True)
class Sweep:
    """One run over all open deals: when, and what it judges and tells by."""

    at: datetime
    by: Actor
    context: Context
    line: Line
    told: frozenset[str]
    counts: dict[str, int] = field(default_factory=lambda: {"found": 0, "cleared": 0, "told": 0})
    due_dates: dict[int, datetime] = field(default_factory=dict)

    def due_for(self, person: User) -> datetime:
        """When an update asked of somebody now is due: in three of their working days."""
        if person.pk not in self.due_dates:
            calendar = calendar_of(person)
            length = calendar.day_length() * UPDATE_WITHIN_DAYS
            self.due_dates[person.pk] = add_business_time(calendar, self.at, length)
        return self.due_dates[person.pk]


def sweep_findings(*, by: Actor, at: datetime, batch: int = BATCH) -> dict[str, int]:
    """Write down what is found and what is over, hand on what nobody answered, and tell people.

    Each batch of deals is a transaction of its own, and two sweeps take turns: run twice, or
    after days without a run, it tells everything once.
    """
    sweep = Sweep(at, by, read_context(at), Line.read(), told_kinds())
    after: int | None = 0
    while after is not None:
        with transaction.atomic(durable=True):
            lock_exclusively(Lock.ALERTS)
            after = compare_batch(sweep, after, batch)
    with transaction.atomic(durable=True):
        lock_exclusively(Lock.ALERTS)
        forget_closed(sweep)
    after = 0
    while after is not None:
        with transaction.atomic(durable=True):
            lock_exclusively(Lock.ALERTS)
            after = escalate_batch(sweep, after, batch)
    tell_at_once(sweep)
    tell_late_hand_offs(sweep)
    return sweep.counts


def compare_batch(sweep: Sweep, after: int, size: int) -> int | None:
    """Compare what is found on the next open deals with what stands; None when none are left."""
    deals = list(Deal.objects.open().filter(pk__gt=after).order_by("pk")[:size])
    if not deals:
        return None
    found = findings_for(deals, sweep.context)
    standing = alerts_on(deals)
    fresh: list[FindingAlert] = []
    over: list[FindingAlert] = []
    for deal in deals:
        new, gone = compare(sweep, deal, found[deal.pk], standing.get(deal.pk, []))
        fresh, over = fresh + new, over + gone
    clear(sweep, over)
    FindingAlert.objects.bulk_create(fresh)
    sweep.counts["found"] += len(fresh)
    follow_with_tasks(sweep, deals, found, fresh)
    return deals[-1].pk


def alerts_on(deals: Sequence[Deal]) -> dict[int, list[FindingAlert]]:
    """The standing alerts of each deal."""
    standing: dict[int, list[FindingAlert]] = {}
    for alert in FindingAlert.objects.filter(deal__in=deals, cleared_at=None):
        standing.setdefault(alert.deal_id, []).append(alert)
    return standing


def compare(
    sweep: Sweep, deal: Deal, findings: Iterable[Finding], standing: Sequence[FindingAlert]
) -> tuple[list[FindingAlert], list[FindingAlert]]:
    """Return the alerts to begin and those that are over for one deal."""
    keys = {each.kind for each in findings if is_due(sweep, deal, each)}
    wanted = {(key, person) for key in keys for person in sweep.line.told_of(deal, key)}
    manager = sweep.line.manager_of(deal.owner_id)
    kept = wanted | ({(STALE, manager)} if STALE in keys and manager else set())
    over = [
        alert
        for alert in standing
        if (alert.finding, alert.person_id) not in (kept if alert.escalates else wanted)
    ]
    known = {(alert.finding, alert.person_id) for alert in standing} - {
        (alert.finding, alert.person_id) for alert in over
    }
    fresh = [
        FindingAlert(deal=deal, finding=key, person_id=person, found_at=sweep.at)
        for key, person in sorted(wanted - known)
    ]
    return fresh, over


def is_due(sweep: Sweep, deal: Deal, finding: Finding) -> bool:
    """Whether a finding is one that is told, and its deal is not just being entered."""
    if finding.kind not in sweep.told:
        return False
    entered = deal.entered_stage_at or deal.created_at
    return finding.kind not in AT_ONCE_TRUE or entered <= sweep.at - DAY_TO_FILL_IN


def clear(sweep: Sweep, alerts: Sequence[FindingAlert]) -> None:
    rows = FindingAlert.objects.filter(pk__in=[alert.pk for alert in alerts], cleared_at=None)
    sweep.counts["cleared"] += rows.update(cleared_at=sweep.at)


def forget_closed(sweep: Sweep) -> None:
    """End the alerts and tasks of deals that are closed: nothing is to be done about them."""
    closed = FindingAlert.objects.filter(cleared_at=None).exclude(deal__status=Deal.Status.OPEN)
    deals = list(closed.values_list("deal", flat=True).distinct())
    for start in range(0, len(deals), BATCH):
        some = deals[start : start + BATCH]
        rows = FindingAlert.objects.filter(deal__in=some, cleared_at=None)
        sweep.counts["cleared"] += rows.update(cleared_at=sweep.at)
        cancel_tasks(updates_asked(some), result="The deal is closed.", by=sweep.by, at=sweep.at)


# What a stale deal asks of its owner


def updates_asked(deals: Iterable[int]) -> list[Task]:
    """The open tasks to update or close one of these deals."""
    return list(
        Task.objects.open().filter(
            kind=UPDATE, about_type=Deal._meta.model_name, about_id__in=list(deals)
        )
    )


def follow_with_tasks(
    sweep: Sweep,
    deals: Sequence[Deal],
    found: dict[int, list[Finding]],
    fresh: Sequence[FindingAlert],
) -> None:
    """Ask the owners of deals that became stale for an update; ask no more where that is over."""
    by_pk = {deal.pk: deal for deal in deals}
    stale = {pk for pk, findings in found.items() if any(each.kind == STALE for each in findings)}
    asked = updates_asked(by_pk)
    over = [task for task in asked if task.about_id not in stale]
    cancel_tasks(over, result="The deal is no longer stale.", by=sweep.by, at=sweep.at)
    passed_on = [
        task
        for task in asked
        if task not in over and task.assignee_id != sweep.line.answers_for(by_pk[task.about_id])
    ]
    cancel_tasks(passed_on, result="The deal has another owner.", by=sweep.by, at=sweep.at)
    busy = {task.about_id for task in asked} - {task.about_id for task in over + passed_on}
    wanted = {alert.deal_id: alert.person_id for alert in fresh if alert.finding == STALE}
    ask_for_updates(sweep, [by_pk[pk] for pk in wanted if pk not in busy], wanted)


def ask_for_updates(sweep: Sweep, deals: Sequence[Deal], whom: dict[int, int]) -> None:
    if not deals:
        return
    people = User.objects.select_related("calendar").in_bulk({whom[deal.pk] for deal in deals})
    drafts = [
        TaskDraft(
            about=deal,
            title=f"Update or close {deal.name}",
            assignee=people[whom[deal.pk]],
            due_at=sweep.due_for(people[whom[deal.pk]]),
        )
        for deal in deals
    ]
    add_tasks(drafts, kind=UPDATE, dedupe_key=STALE, by=sweep.by, at=sweep.at)


# What nobody answered


def escalate_batch(sweep: Sweep, after: int, size: int) -> int | None:
    """Tell the manager of deals that stayed stale for a week after their owner was told.

    A call, a move, a close date or a next step since then is an answer; a changed name is none.
    """
    alerts = list(unanswered(sweep.at).filter(pk__gt=after).order_by("pk")[:size])
    if not alerts:
        return None
    since = min(alert.found_at for alert in alerts)
    answers = answered_at({alert.deal_id for alert in alerts}, since)
    fresh = []
    for alert in alerts:
        manager = sweep.line.manager_of(alert.person_id)
        answered = answers.get(alert.deal_id, since) > alert.found_at
        if manager is not None and not answered:
            fresh.append(
                FindingAlert(
                    deal_id=alert.deal_id,
                    finding=STALE,
                    person_id=manager,
                    found_at=sweep.at,
                    escalates=True,
                )
            )
    FindingAlert.objects.bulk_create(fresh)
    sweep.counts["found"] += len(fresh)
    return alerts[-1].pk


def unanswered(at: datetime) -> QuerySet[FindingAlert]:
    """Stale alerts a week old or more of which no manager was told yet."""
    stale = FindingAlert.objects.filter(finding=STALE, cleared_at=None)
    told = stale.filter(deal=OuterRef("deal"), escalates=True)
    due = stale.filter(escalates=False, found_at__lte=at - ANSWER_WITHIN)
    return due.filter(~Exists(told), deal__status=Deal.Status.OPEN)


# Telling


def untold() -> QuerySet[FindingAlert]:
    return FindingAlert.objects.filter(told_at=None, cleared_at=None)


def tell_at_once(sweep: Sweep) -> None:
    """Mail everybody who wants it at once what was found: one mail each, however much it is."""
    waiting = untold().values("person").distinct()
    others = AlertPreference.objects.exclude(cadence=Cadence.IMMEDIATE).values("person")
    people = User.objects.filter(pk__in=waiting).exclude(pk__in=others)
    for person in people.order_by("pk"):
        with transaction.atomic(durable=True):
            lock_exclusively(Lock.ALERTS)
            alerts = take_untold(person, at=sweep.at)
            if alerts:
                tell_found(sweep, person, alerts)


def take_untold(person: User, *, at: datetime) -> list[FindingAlert]:
    """Mark what a person was not told yet as told, and return it."""
    alerts = list(untold().filter(person=person).order_by("pk"))
    FindingAlert.objects.filter(pk__in=[alert.pk for alert in alerts]).update(told_at=at)
    return alerts


def tell_found(sweep: Sweep, person: User, alerts: list[FindingAlert]) -> None:
    facts = facts_of(alerts, person, sweep.context)
    is_one_deal = facts["deal_count"] == 1
    notify(
        person,
        "finding.found",
        about=Deal(pk=alerts[0].deal_id) if is_one_deal else alerts[0],
        dedupe_key=str(alerts[0].pk),
        at=sweep.at,
        context=facts,
        link=f"deal:{alerts[0].deal_id}" if is_one_deal else f"findingalert:{alerts[0].pk}",
    )
    sweep.counts["told"] += 1


def tell_late_hand_offs(sweep: Sweep) -> None:
    """Tell the seller, and the manager of whoever was asked, of a won customer not taken over."""
    late = Task.objects.open().filter(kind=HAND_OFF, due_at__lte=sweep.at)
    told = Notification.objects.filter(event="deal.handoff_late", dedupe_key=task_key())
    for task in late.filter(~Exists(told)).select_related("assignee").order_by("pk"):
        with transaction.atomic(durable=True):
            tell_late_hand_off(sweep, task)


def task_key() -> Cast:
    """The number of a task as notifications spell it."""
    return Cast(OuterRef("pk"), CharField())


def tell_late_hand_off(sweep: Sweep, task: Task) -> None:
    deal = Deal.objects.select_related("owner").get(pk=task.about_id)
    manager = sweep.line.manager_of(task.assignee_id)
    people = {sweep.line.answers_for(deal), manager or task.assignee_id}
    for person in User.objects.filter(pk__in=people - {None}).order_by("pk"):
        notify(
            person,
            "deal.handoff_late",
            about=deal,
            dedupe_key=str(task.pk),
            at=sweep.at,
            context={"deal": deal.name, "hand_off": task.assignee.name},
            link=f"deal:{deal.pk}",
        )
