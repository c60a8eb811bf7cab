import logging

from celery import shared_task
from django.utils import timezone

from dealdesk import operations
from dealdesk.models import ReplayFile, ReplayRun
from dealdesk.operations import replayfiles, replays
from revops.people.actor import Actor
from revops.refusals import Refused

logger = logging.getLogger(__name__)
HOUR = 3600
BROKE_OFF = "It broke off. The log of the worker says why."


@shared_task
def expire_requests():
    """End pending requests whose time is over. Missed runs change nothing: rows say what is due."""
    operations.expire_requests(at=timezone.now())


@shared_task
def remind_late_threads():
    """Tell the desk of questions whose answer is overdue. Each is told of once."""
    operations.remind_late_threads(at=timezone.now())


@shared_task
def lapse_approvals():
    """Write down which approvals are over. Gates judged them by their time already."""
    operations.lapse_approvals(at=timezone.now())


@shared_task
def end_ungranted():
    """End what rests on a grant that was taken back. It covers nothing since that moment."""
    operations.end_ungranted(at=timezone.now())


@shared_task
def restaff_requests():
    """Ask others where those asked have left or lost their role."""
    operations.restaff_requests(at=timezone.now())


@shared_task(time_limit=HOUR, soft_time_limit=HOUR - 60)
def work_on_replay(run_id):
    """Try a policy on what was submitted, and say what came of it."""
    run = ReplayRun.objects.filter(pk=run_id).first()
    if run is None or not run.is_at_work:
        return
    by = Actor.system()
    try:
        replays.work_on_replay(run=run, by=by, at=timezone.now)
    except Refused as refused:
        replays.fail_replay(run=run, reason=refused.message, by=by, at=timezone.now())
    except Exception:
        logger.exception("Replay %s broke off", run.pk)
        replays.fail_replay(run=run, reason=BROKE_OFF, by=by, at=timezone.now())


@shared_task(time_limit=HOUR, soft_time_limit=HOUR - 60)
def work_on_replay_file(upload_id):
    """Try a policy on another system's export, and say what came of it."""
    upload = ReplayFile.objects.filter(pk=upload_id).first()
    if upload is None or not upload.is_at_work or not upload.file:
        return
    by = Actor.system()
    try:
        replayfiles.work_on_file(upload=upload, by=by, at=timezone.now)
    except Refused as refused:
        replayfiles.fail_file(upload=upload, reason=refused.message, by=by, at=timezone.now())
    except Exception:
        logger.exception("Replay of a file %s broke off", upload.pk)
        replayfiles.fail_file(upload=upload, reason=BROKE_OFF, by=by, at=timezone.now())


@shared_task
def forget_old_replays():
    """Delete what replays found a month ago, and files that came a day ago."""
    by, at = Actor.system(), timezone.now()
    replays.forget_old_replays(by=by, at=at)
    replayfiles.forget_old_files(by=by, at=at)


@shared_task
def follow_absences():
    """Let open approvals be with who is here to answer them."""
    operations.follow_absences(at=timezone.now())


@shared_task
def run_clocks():
    """Warn, remind and hand upward what is not answered in time; missed runs are made up once."""
    operations.run_clocks(at=timezone.now())
