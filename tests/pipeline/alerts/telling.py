"""What the tests of alerts share: stale deals, sweeps, and what was told."""

from datetime import UTC, datetime, timedelta

from pipeline.models import Deal, FindingAlert
from pipeline.operations import send_digests, sweep_findings
from revops.outbox.models import Notification
from tests.factories.people import SYSTEM
from tests.factories.pipeline import make_deal

START = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)  # a Monday
STALE_AT = START + timedelta(days=15)  # deals are stale in Qualified after 14
DAY = timedelta(days=1)


def stale_deal(owner, name="Acme rollout", **facts) -> Deal:
    """A deal with which nothing but its time in the stage is wrong, from STALE_AT on."""
    facts.setdefault("next_step", "Call them")
    deal = make_deal(owner, name, at=START, **facts)
    Deal.objects.filter(pk=deal.pk).update(buyer_acted_at=STALE_AT + 90 * DAY)
    deal.refresh_from_db()
    return deal


def sweep(at=STALE_AT, **options):
    return sweep_findings(by=SYSTEM, at=at, **options)


def digests(at) -> int:
    return send_digests(by=SYSTEM, at=at)


def told(person, event="finding.found") -> list[Notification]:
    return list(Notification.objects.filter(person=person, event=event).order_by("pk"))


def found(notification) -> list[tuple[str, str]]:
    """Deal and kind of everything a notification lists."""
    facts = notification.context.get("found", notification.context)
    return [(each["deal"], each["label"]) for each in facts["entries"]]


def standing(person) -> set[tuple[str, str]]:
    rows = FindingAlert.objects.filter(person=person, cleared_at=None)
    return set(rows.values_list("deal__name", "finding"))
