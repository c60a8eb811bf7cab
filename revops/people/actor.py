"""Who does a thing, and by which way: what every operation takes as `by`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.http import HttpRequest

    from revops.people.models import User


class Via(StrEnum):
    """The way by which a change came in."""

    WEB = "web"
    API = "api"
    LINK = "mail_link"
    MAIL = "mail"
    IMPORT = "import"
    SYSTEM = "system"
    COMMAND = "command"


@dataclass(frozen=True)
class Actor:
    """A person (or nobody: the system), the way they came, and for whom they act."""

    user: User | None
    via: Via
    on_behalf_of: User | None = None
    ip: str = ""
    agent: str = ""

    @classmethod
    def system(cls, via: Via = Via.SYSTEM) -> Actor:
        return cls(user=None, via=via)

    @classmethod
    def of(cls, user: User, via: Via = Via.WEB) -> Actor:
        return cls(user=user, via=via)

    @classmethod
    def from_request(cls, request: HttpRequest, via: Via = Via.WEB) -> Actor:
        user = request.user if request.user.is_authenticated else None
        return cls(
            user=user,
            via=via,
            ip=request.META.get("REMOTE_ADDR", ""),
            agent=request.headers.get("User-Agent", "")[:300],
        )

    @property
    def name(self) -> str:
        return self.user.name if self.user else "the system"
