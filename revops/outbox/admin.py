from django.contrib import admin, messages
from django.utils import timezone

from revops.administration import ReadOnlyAdmin
from revops.outbox.models import Delivery
from revops.outbox.operations import retry_delivery
from revops.people.actor import Actor


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """Mails and how they fared; what was given up can be tried anew."""

    list_display = ["notification", "state", "attempts", "next_try_at", "sent_at", "last_error"]
    list_select_related = ["notification__person"]
    list_filter = ["state"]
    ordering = ["-pk"]
    show_full_result_count = False
    actions = ["try_again"]
    # The words of a mail are its reader's.
    exclude = ["text_body", "html_body"]

    @admin.action(description="Try again what was given up", permissions=["view"])
    def try_again(self, request, deliveries):
        given_up = list(deliveries.filter(state=Delivery.State.GIVEN_UP))
        for delivery in given_up:
            retry_delivery(delivery=delivery, by=Actor.from_request(request), at=timezone.now())
        self.message_user(request, f"{len(given_up)} will be tried again.", messages.SUCCESS)
