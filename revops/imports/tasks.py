import logging

from celery import shared_task
from django.db import IntegrityError
from django.utils import timezone

from revops.imports import operations
from revops.imports.models import ImportRun
from revops.imports.running import bad_rows_in_place, carry_out
from revops.people.actor import Actor, Via
from revops.refusals import Refused

logger = logging.getLogger(__name__)
HOUR = 3600
BY = Actor.system(Via.IMPORT)


@shared_task(time_limit=HOUR, soft_time_limit=HOUR - 60)
def work_on(run_id: int) -> None:
    """Check or import one file, whichever was asked, and say what came of it."""
    run = ImportRun.objects.select_related("started_by").filter(pk=run_id).first()
    if run is None or not run.is_at_work or not run.file:
        return
    dry_run = run.state == ImportRun.State.CHECKING
    try:
        outcome = carry_out(run, dry_run=dry_run, at=timezone.now())
        bad_rows = bad_rows_in_place(run, outcome) if dry_run else []
    except IntegrityError:
        reason = "Somebody wrote the same records meanwhile; nothing was written. Repeat it."
        operations.finish_badly(run=run, reason=reason, by=BY, at=timezone.now())
    except Refused as refused:
        operations.finish_badly(run=run, reason=refused.message, by=BY, at=timezone.now())
    except Exception:
        logger.exception("Import %s broke off", run.pk)
        reason = "It broke off, and nothing was written. The log of the worker says why."
        operations.finish_badly(run=run, reason=reason, by=BY, at=timezone.now())
    else:
        at = timezone.now()
        if dry_run:
            operations.finish_check(run=run, outcome=outcome, bad_rows=bad_rows, by=BY, at=at)
        else:
            operations.finish_import(run=run, outcome=outcome, by=BY, at=at)


@shared_task
def forget_old_files() -> int:
    """Drop uploaded files that nobody went on with, and free what a dead worker held."""
    return operations.forget_old_files(by=Actor.system(), at=timezone.now())
