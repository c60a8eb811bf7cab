from celery import shared_task
from django.utils import timezone

from revops.outbox.models import Delivery
from revops.outbox.operations import try_delivery


@shared_task
def deliver(delivery_id: int) -> None:
    """Send one mail, unless it was sent already or another worker has it."""
    try_delivery(delivery_id=delivery_id, at=timezone.now())


@shared_task
def sweep_outbox(limit: int = 200) -> int:
    """Send what is due: retries, and whatever a nudge did not reach."""
    due = Delivery.objects.due(timezone.now()).order_by("pk").values_list("pk", flat=True)
    tried = [
        delivery_id
        for delivery_id in list(due[:limit])
        if try_delivery(delivery_id=delivery_id, at=timezone.now())
    ]
    return len(tried)
