"""The mailbox of development: every mail as its reader gets it, with links that work."""

from csp.decorators import csp, csp_update
from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template import TemplateDoesNotExist
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from revops.addresses import number_in
from revops.outbox.bodies import Body
from revops.outbox.bodies import render as render_body
from revops.outbox.links import PLACEHOLDER, derive_link
from revops.outbox.models import Delivery

ON_A_PAGE = 50


def require_development():
    if not getattr(settings, "DEV_TOOLS", settings.DEBUG):
        raise Http404


def kept_deliveries():
    return Delivery.objects.select_related("notification__person").order_by("-pk")


@never_cache
@require_safe
def mailbox(request):
    """What was sent, and what waits, newest first; `to` narrows it to one address."""
    require_development()
    deliveries = kept_deliveries()
    to = request.GET.get("to", "").strip().lower()
    if to:
        deliveries = deliveries.filter(notification__person__email__icontains=to)
    if before := number_in(request.GET.get("before", "")):
        deliveries = deliveries.filter(pk__lt=before)
    page = list(deliveries[: ON_A_PAGE + 1])
    more, page = len(page) > ON_A_PAGE, page[:ON_A_PAGE]
    for delivery in page:
        delivery.shown_subject = delivered_subject(delivery)
    context = {"deliveries": page, "to": to, "next": page[-1].pk if more else None}
    return render(request, "outbox/mailbox.html", context)


@never_cache
@require_safe
@csp_update({"frame-src": ["'self'"]})
def mailbox_message(request, pk):
    """One mail: its plain text, and its HTML as wide as a screen or a phone."""
    require_development()
    delivery = get_object_or_404(kept_deliveries(), pk=pk)
    body = delivered_body(delivery)
    context = {
        "delivery": delivery,
        "body": body,
        "address": derive_link(delivery.notification) if delivery.notification.link else "",
        "is_phone": request.GET.get("width") == "phone",
    }
    return render(request, "outbox/mailbox_message.html", context)


@never_cache
@require_safe
@xframe_options_sameorigin
@csp(
    {
        "default-src": ["'none'"],
        "style-src": ["'unsafe-inline'"],
        "img-src": ["'self'", "data:"],
        "frame-ancestors": ["'self'"],
    }
)
def mailbox_body(request, pk):
    """The HTML of one mail, for the frame around it; its links open outside that frame."""
    require_development()
    delivery = get_object_or_404(kept_deliveries(), pk=pk)
    html = delivered_body(delivery).html
    return HttpResponse(html.replace("<head>", '<head><base target="_top">', 1))


def delivered_subject(delivery):
    """The subject as sent, or as it would be; a broken template is for the mail's own page."""
    try:
        return delivery.subject or render_body(delivery.notification).subject
    except TemplateDoesNotExist:
        return delivery.notification.event


def delivered_body(delivery):
    """The words as sent, or as they would be; the personal link is derived here as there."""
    if delivery.subject:
        body = Body(delivery.subject, delivery.text_body, delivery.html_body)
    else:
        body = render_body(delivery.notification)
    address = derive_link(delivery.notification)
    return Body(
        body.subject,
        body.text.replace(PLACEHOLDER, address),
        body.html.replace(PLACEHOLDER, address),
    )
