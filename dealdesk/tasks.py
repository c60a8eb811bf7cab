from celery import shared_task
from django.utils import timezone

from dealdesk import operations


@shared_task
def expire_requests():
    """End pending requests whose time is over. Missed runs change nothing: rows say what is due."""
    operations.expire_requests(at=timezone.now())


@shared_task
def remind_late_threads():
    """Tell the desk of questions whose answer is overdue. Each is told of once."""
    operations.remind_late_threads(at=timezone.now())


@shared_task
def restaff_requests():
    """Ask others where those asked have left or lost their role."""
    operations.restaff_requests(at=timezone.now())
