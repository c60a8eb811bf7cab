"""The people of the demo company, to be stepped into without a password; development only."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.conf import settings


@dataclass(frozen=True)
class DevPerson:
    """A card on the sign-in page: "Rita, rep: start here"."""

    email: str
    name: str
    role: str
    hint: str = ""
    start_here: bool = False


sources: list[Callable[[], Sequence[DevPerson]]] = []


def is_on() -> bool:
    """Whether the mailbox, the gallery and the switch of person exist here at all."""
    return bool(getattr(settings, "DEV_TOOLS", settings.DEBUG))


def register_dev_people(source: Callable[[], Sequence[DevPerson]]) -> None:
    sources.append(source)


def dev_people() -> list[DevPerson]:
    return [person for source in sources for person in source()] if is_on() else []
