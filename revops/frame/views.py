from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth import get_user_model, login
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from revops.addresses import number_in
from revops.frame import development, navigation, notices
from revops.frame.context import THEMES
from revops.outbox.models import Notification
from revops.refusals import Refused

YEAR = 365 * 24 * 3600
NOTICES_ON_A_PAGE = 30


@login_required
@require_GET
def search(request: HttpRequest) -> HttpResponse:
    """What matches, as a page or as the list under the search field."""
    query = request.GET.get("q", "").strip()[:200]
    is_swap = request.headers.get("HX-Request") == "true"
    found = navigation.search(request.user, query, 5 if is_swap else 20) if len(query) > 1 else []
    name = "frame/_search_results.html" if is_swap else "frame/search.html"
    return render(request, name, {"query": query, "found": found})


@login_required
@require_GET
def settings_page(request: HttpRequest) -> HttpResponse:
    """Where things are set up: what the apps registered and this person may use."""
    context = {"entries": navigation.settings_of(request.user)}
    return render(request, "frame/settings.html", context)


@login_required
@require_GET
def notification_list(request: HttpRequest) -> HttpResponse:
    rows = Notification.objects.of(request.user)
    if before := number_in(request.GET.get("before", "")):
        rows = rows.filter(pk__lt=before)
    page = list(rows[: NOTICES_ON_A_PAGE + 1])
    more, page = len(page) > NOTICES_ON_A_PAGE, page[:NOTICES_ON_A_PAGE]
    for row in page:
        row.person = request.user
    entries = [{"notification": row, "sentence": notices.sentence_of(row)} for row in page]
    context = {"entries": entries, "next": page[-1].pk if more else None}
    return render(request, "frame/notifications.html", context)


@login_required
@require_POST
def notification_open(request: HttpRequest, pk: int) -> HttpResponse:
    """Note a notice as read and go where it points."""
    row = get_object_or_404(Notification.objects.of(request.user), pk=pk)
    Notification.objects.filter(pk=row.pk, read_at=None).update(read_at=timezone.now())
    return redirect(notices.address_of(row) or "frame:notification-list")


@login_required
@require_POST
def notification_read_all(request: HttpRequest) -> HttpResponse:
    Notification.objects.of(request.user).unread().update(read_at=timezone.now())
    return redirect("frame:notification-list")


@require_POST
def theme_change(request: HttpRequest) -> HttpResponse:
    theme = request.POST.get("theme", "")
    response = redirect(back(request))
    if theme in THEMES:
        response.set_cookie("theme", theme, max_age=YEAR, samesite="Lax")
    return response


def gallery(request: HttpRequest) -> HttpResponse:
    from revops.frame.samples import gallery_context

    require_development()
    return render(request, "frame/gallery.html", gallery_context(timezone.now()))


@require_GET
def dev_people(request: HttpRequest) -> HttpResponse:
    require_development()
    return render(request, "frame/dev_people.html", {"people": development.dev_people()})


@require_POST
def dev_sign_in(request: HttpRequest) -> HttpResponse:
    """Step into one of the demo people."""
    require_development()
    emails = {person.email for person in development.dev_people()}
    email = request.POST.get("email", "")
    if email not in emails:
        raise Http404
    user = get_object_or_404(get_user_model(), email=email, is_active=True)
    login(request, user, backend="revops.signin.AdmittedBackend")
    return redirect(safe(request, request.POST.get("next", "")) or "/")


def require_development() -> None:
    if not development.is_on():
        raise Http404


def back(request: HttpRequest) -> str:
    """Where the person came from, when that is a page of ours."""
    return safe(request, request.META.get("HTTP_REFERER", "")) or "/"


def safe(request: HttpRequest, address: str) -> str:
    if not url_has_allowed_host_and_scheme(
        address, {request.get_host()}, require_https=request.is_secure()
    ):
        return ""
    parts = urlsplit(address)
    return parts.path + (f"?{parts.query}" if parts.query else "")


# What a page says when it cannot be shown. A swap gets a toast, never a page inside a page.


def refusal_page(request: HttpRequest, refused: Refused) -> HttpResponse:
    return _failure(request, refused.status, "422.html", refused.message, {"refused": refused})


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _failure(request, 404, "404.html", "That is not here, or not yours to see.")


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    reason = str(exception or "") or "You may not do that."
    return _failure(request, 403, "403.html", reason, {"reason": reason})


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    text = "This page was open too long. Load it again, then repeat what you did."
    return _failure(request, 403, "403.html", text, {"reason": text, "reload": True})


def broken(request: HttpRequest) -> HttpResponse:
    """No context processors here: the database may be what is broken."""
    from django.template.loader import render_to_string

    if request.path_info.startswith("/api/"):
        return JsonResponse(
            {
                "type": "about:blank",
                "title": "Internal Server Error",
                "status": 500,
                "code": "broken",
                "detail": "Something broke on our side. It is written down; try again later.",
                "missing": [],
            },
            status=500,
            content_type="application/problem+json",
        )
    return HttpResponse(render_to_string("500.html"), status=500)


def _failure(
    request: HttpRequest, status: int, template: str, text: str, context: Any = None
) -> HttpResponse:
    if request.headers.get("HX-Request") == "true":
        from revops.frame.middleware import add_trigger

        response = HttpResponse(status=status)
        response["HX-Reswap"] = "none"
        add_trigger(response, "toasts", [{"level": "error", "text": text}])
        return response
    return render(request, template, {"back": back(request), **(context or {})}, status=status)
