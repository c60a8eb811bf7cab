from celery import shared_task
from django.utils import timezone

from revops.ledger.operations import seal_checkpoint


@shared_task
def seal_ledger() -> None:
    """Seal the entries since the last checkpoint."""
    seal_checkpoint(at=timezone.now())
