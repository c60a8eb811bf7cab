from celery import shared_task
from django.core.management import call_command


@shared_task
def clear_sessions():
    """Forget sessions that are over; a scanner that opens links leaves many behind."""
    call_command("clearsessions")
