"""Trying a policy on what was submitted: begun, worked on, finished, dropped."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from dealdesk.inputs import policy_in_force
from dealdesk.models import JudgedFacts, ReplayChanges, ReplayRun, TermsSnapshot
from dealdesk.permissions import check_can_govern
from dealdesk.policy import Policy, policy_digest, policy_json
from dealdesk.replaycompare import Change, Comparison
from dealdesk.replaying import Comparer, Progress, facts_rows, submissions, without_facts
from revops.ledger.operations import record
from revops.people.actor import Actor
from revops.refusals import Conflict, Refused

State = ReplayRun.State
CHUNK = 1000
"""Changes to a row of them."""
KEPT_FOR = timedelta(days=30)
GIVEN_UP_AFTER = timedelta(hours=1)
DIED = "The worker did not come back. Start the replay again."


@transaction.atomic(durable=True)
def start_replay(
    *,
    policy: Policy,
    name: str,
    against: str,
    since: date,
    until: date,
    by: Actor,
    at: datetime,
) -> ReplayRun:
    """Begin to try a policy on the submissions of a period; `work_on_replay` does the work.

    `against` is what really happened, or the version in force now. Raises Refused where the days
    are in the wrong order.
    """
    check_can_govern(by=by)
    if since > until:
        raise Refused("The first day is after the last.", code="invalid")
    other = policy_in_force()[0] if against == ReplayRun.Against.IN_FORCE else None
    run = ReplayRun.objects.create(
        name=name,
        policy_body=policy_json(policy),
        policy_digest=policy_digest(policy),
        against=ReplayRun.Against(against),
        version_against=other,
        since=since,
        until=until,
        rows_total=submissions(since, until).count(),
        started_at=at,
        started_by=by.user,
    )
    facts = {"policy_digest": run.policy_digest, "since": since, "until": until}
    record("policy.replayed", run, by=by, at=at, after={**facts, "against": run.against})
    return run


def work_on_replay(*, run: ReplayRun, by: Actor, at: Callable[[], datetime]) -> ReplayRun:
    """Do the work of a replay that was begun, telling how far it is, and keep what it found."""
    tell_facts, tell_rows = told(run, "reading terms"), told(run, "judging")
    asked = submissions(run.since, run.until)
    waiting = list(without_facts(asked).order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(waiting), CHUNK):
        freeze_facts(snapshots=waiting[start : start + CHUNK], by=by, at=at())
        tell_facts(min(start + CHUNK, len(waiting)), len(waiting))
    comparison = Comparer(run).run(tell_rows)
    return finish_replay(run=run, comparison=comparison, by=by, at=at())


def told(run: ReplayRun, phase: str) -> Progress:
    """Tell a page how far the work is."""

    def tell(done: int, total: int) -> None:
        how_far = {"phase": phase, "rows_done": done, "rows_total": total}
        ReplayRun.objects.filter(pk=run.pk).update(**how_far)

    return tell


@transaction.atomic(durable=True)
def freeze_facts(*, snapshots: Iterable[int], by: Actor, at: datetime) -> int:
    """Take the facts of snapshots that were frozen before facts were, or by an older reading."""
    rows = facts_rows(TermsSnapshot.objects.filter(pk__in=list(snapshots)))
    JudgedFacts.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["snapshot"],
        update_fields=["schema", "body"],
    )
    return len(rows)


@transaction.atomic(durable=True)
def finish_replay(*, run: ReplayRun, comparison: Comparison, by: Actor, at: datetime) -> ReplayRun:
    """Keep what a replay found: the figures, and each submission whose route differs."""
    run = ReplayRun.objects.select_for_update(of=("self",)).get(pk=run.pk)
    if not run.is_at_work:
        raise Conflict("This replay is over already.")
    ReplayChanges.objects.bulk_create(changes_of(run, comparison), batch_size=50)
    run.state, run.finished_at, run.outcome = State.DONE, at, comparison.as_json()
    run.rows_done = run.rows_total = run.outcome["submissions"]
    run.save_version(update_fields=["state", "finished_at", "outcome", "rows_done", "rows_total"])
    return run


def changes_of(run: ReplayRun, comparison: Comparison) -> Iterable[ReplayChanges]:
    for kind in Change:
        found = comparison.changes.get(kind, [])
        for start in range(0, len(found), CHUNK):
            chunk = found[start : start + CHUNK]
            yield ReplayChanges(run=run, kind=kind.value, number=start // CHUNK, body=chunk)


@transaction.atomic(durable=True)
def fail_replay(*, run: ReplayRun, reason: str, by: Actor, at: datetime) -> ReplayRun:
    """Say why a replay broke off; nothing of it is kept."""
    run = ReplayRun.objects.select_for_update(of=("self",)).get(pk=run.pk)
    if run.is_at_work:
        run.state, run.finished_at, run.outcome = State.FAILED, at, {"error": reason}
        run.save_version(update_fields=["state", "finished_at", "outcome"])
    return run


@transaction.atomic(durable=True)
def drop_replay(*, run: ReplayRun, by: Actor, at: datetime) -> None:
    """Forget a replay and what it found. Raises Conflict while it is at work."""
    check_can_govern(by=by)
    run = ReplayRun.objects.select_for_update(of=("self",)).get(pk=run.pk)
    if run.is_at_work and run.started_at > at - GIVEN_UP_AFTER:
        raise Conflict("This replay is at work. Wait until it is done.")
    facts: dict[str, Any] = {"policy_digest": run.policy_digest}
    record("policy.replay_dropped", run, by=by, at=at, before=facts)
    run.delete()


@transaction.atomic(durable=True)
def forget_old_replays(*, by: Actor, at: datetime) -> int:
    """Delete replays older than a month, and give up those whose worker has died."""
    dead = ReplayRun.objects.filter(state=State.WORKING, started_at__lte=at - GIVEN_UP_AFTER)
    dead.update(state=State.FAILED, finished_at=at, outcome={"error": DIED})
    old = ReplayRun.objects.filter(started_at__lte=at - KEPT_FOR).exclude(state=State.WORKING)
    return old.delete()[1].get("dealdesk.ReplayRun", 0)
