from celery import shared_task
from django.utils import timezone

from pipeline import tallies
from pipeline.findings import folding
from pipeline.forecasting.snapshots import snapshot_is_due
from pipeline.operations.alerts import sweep_findings as sweep
from pipeline.operations.digests import due
from pipeline.operations.digests import send_digests as send
from pipeline.operations.forecasts import take_snapshots as take
from pipeline.operations.recounting import recount_open_deals as recount
from revops.people.actor import Actor


@shared_task
def sweep_findings():
    """Find what is wrong and tell it, each thing once; a missed run changes nothing."""
    return sweep(by=Actor.system(), at=timezone.now())


@shared_task
def recount_open_deals():
    """Count anew what open deals lack, since some of it depends on the day."""
    return recount(by=Actor.system(), at=timezone.now())


@shared_task
def send_digests():
    """Send the mails of every morning that has come, where the reader is.

    What they tell is looked for first, so that a morning after days without a run misses nothing.
    """
    by, at = Actor.system(), timezone.now()
    if due(at):
        sweep(by=by, at=at)
    return send(by=by, at=at)


@shared_task
def fold_tallies():
    """Count marked days and owners anew; readers count them from base rows until then."""
    at = timezone.now()
    folding.fold(at=at)
    tallies.turn_of_month(at)
    return tallies.fold(at=at)


@shared_task
def take_snapshots():
    """Keep this morning's forecast from 00:10 on where the company is; once a day, late or not."""
    at = timezone.now()
    if snapshot_is_due(at):
        return take(by=Actor.system(), at=at)
    return {}
