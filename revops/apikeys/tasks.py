from celery import shared_task
from django.utils import timezone

from revops.apikeys.operations import sweep_keys as sweep


@shared_task
def sweep_keys() -> int:
    """Forget expired idempotency keys."""
    return sweep(at=timezone.now())
