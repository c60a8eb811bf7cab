"""What base.html asks; computed when asked, so that a fragment pays nothing."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import cached_property

from revops.frame import development, navigation
from revops.outbox.models import Notification

THEMES = ("system", "light", "dark")
PLACES_IN_BOTTOM_BAR = 4


class Frame:
    """The frame around one page for one person."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    @property
    def user(self) -> Any:
        return getattr(self.request, "user", None)

    @cached_property
    def is_signed_in(self) -> bool:
        return bool(self.user and self.user.is_authenticated)

    @cached_property
    def places(self) -> list[navigation.Place]:
        return navigation.places(self.user, self.request.path) if self.is_signed_in else []

    @property
    def bottom_places(self) -> list[navigation.Place]:
        return self.places[:PLACES_IN_BOTTOM_BAR]

    @property
    def more_places(self) -> list[navigation.Place]:
        return self.places[PLACES_IN_BOTTOM_BAR:]

    @cached_property
    def commands(self) -> list[navigation.Command]:
        return navigation.commands(self.user) if self.is_signed_in else []

    @cached_property
    def unread(self) -> int:
        return Notification.objects.of(self.user).unread().count() if self.is_signed_in else 0

    @property
    def theme(self) -> str:
        theme = self.request.COOKIES.get("theme", "")
        return theme if theme in THEMES else "system"

    @property
    def rail(self) -> str:
        return "narrow" if self.request.COOKIES.get("rail") == "narrow" else "wide"

    @property
    def has_dev_tools(self) -> bool:
        return development.is_on()

    @property
    def language(self) -> str:
        return getattr(self.request, "LANGUAGE_CODE", settings.LANGUAGE_CODE)


def frame(request: HttpRequest) -> dict[str, Frame]:
    return {"frame": Frame(request)}
