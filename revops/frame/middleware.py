"""What happens at the edge of every page: refusals become sentences, messages become toasts."""

import json
from collections.abc import Callable, Iterator

from django.contrib.messages import get_messages
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

from revops.addresses import fault_of_texts
from revops.frame.views import refusal_page
from revops.refusals import Refused

GetResponse = Callable[[HttpRequest], HttpResponse]


class RefusalMiddleware:
    """A refusal that no view put beside its button is still shown as its sentence.

    A text that cannot be kept is refused before any view has it: forms notice a NUL, what is read
    from an address or a form by hand does not. The API refuses it in its own shape.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if fault := fault_of_texts(texts_of(request)):
            return refusal_page(request, Refused(fault, code="invalid"))
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return refusal_page(request, exception) if isinstance(exception, Refused) else None


def texts_of(request: HttpRequest) -> Iterator[str]:
    """Every text of an address and a form, names too."""
    if request.path_info.startswith("/api/"):
        return
    yield request.path_info
    for part in (request.GET, request.POST) if request.method == "POST" else (request.GET,):
        for name, given in part.lists():
            yield from (name, *given)


class ToastMiddleware:
    """Hands waiting messages to a swap, which renders no base.html to show them."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        patch_vary_headers(response, ["HX-Request"])
        if not self._is_swap(request, response):
            return response
        toasts = [
            {"level": message.level_tag, "text": str(message)} for message in get_messages(request)
        ]
        if toasts:
            add_trigger(response, "toasts", toasts)
        return response

    def _is_swap(self, request: HttpRequest, response: HttpResponse) -> bool:
        leaves = {"HX-Redirect", "HX-Refresh", "HX-Location"}
        return (
            request.headers.get("HX-Request") == "true"
            and request.headers.get("HX-Boosted") != "true"
            and not 300 <= response.status_code < 400
            and not any(name in response for name in leaves)
        )


def add_trigger(response: HttpResponse, name: str, detail: object) -> None:
    """Add one event to HX-Trigger beside those a view already asked for."""
    given = response.get("HX-Trigger", "")
    try:
        events = json.loads(given) if given else {}
    except ValueError:
        events = {event.strip(): None for event in given.split(",")}
    events[name] = {"value": detail}
    response["HX-Trigger"] = json.dumps(events)
