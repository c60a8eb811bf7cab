"""What the rail, the search field and the notices show; each app registers its own at start-up."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.urls import NoReverseMatch, get_script_prefix, reverse

Visible = Callable[[Any], bool]
Count = Callable[[Any], int]
Hit = tuple[str, str, str]  # title, subtitle, address


def everyone(user: Any) -> bool:
    return True


def address(url_name: str) -> str:
    """The address, or nothing where no page of that name exists."""
    return address_under(get_script_prefix(), url_name)


@lru_cache(maxsize=256)
def address_under(prefix: str, url_name: str) -> str:
    """Every page asks for some dozens of addresses, and they are always the same."""
    try:
        return reverse(url_name)
    except NoReverseMatch:
        return ""


@dataclass(frozen=True)
class Item:
    """One entry of the rail."""

    key: str
    label: str
    icon: str
    url_name: str
    order: int
    visible: Visible = everyone
    count: Count | None = None
    under: str = ""  # what the addresses of its further pages begin with

    @property
    def url(self) -> str:
        return address(self.url_name)


@dataclass(frozen=True)
class Place:
    """An entry of the rail as one person sees it on one page."""

    key: str
    label: str
    icon: str
    url: str
    count: int
    current: bool


@dataclass(frozen=True)
class Search:
    """One kind of thing the search field finds."""

    key: str
    label: str
    find: Callable[[Any, str, int], Iterable[Hit]]


@dataclass(frozen=True)
class Command:
    """One act of the command dialog that is no page of the rail."""

    key: str
    label: str
    icon: str
    url_name: str
    visible: Visible = everyone
    order: int = 50

    @property
    def url(self) -> str:
        return address(self.url_name)


@dataclass(frozen=True)
class Setting:
    """One entry of the page of settings: where something is set up, and what for."""

    key: str
    label: str
    sentence: str
    icon: str
    url_name: str
    order: int
    visible: Visible = everyone

    @property
    def url(self) -> str:
        return address(self.url_name)


@dataclass
class Registry:
    settings: dict[str, Setting] = field(default_factory=dict)
    items: dict[str, Item] = field(default_factory=dict)
    searches: dict[str, Search] = field(default_factory=dict)
    commands: dict[str, Command] = field(default_factory=dict)


registry = Registry()


def register_item(
    key: str,
    label: str,
    icon: str,
    url_name: str,
    order: int,
    *,
    visible: Visible = everyone,
    count: Count | None = None,
    under: str = "",
) -> None:
    """Add an entry to the rail; `count(user)` may cost one indexed query and no more."""
    registry.items[key] = Item(key, label, icon, url_name, order, visible, count, under)


def register_search(key: str, label: str, find: Callable[[Any, str, int], Iterable[Hit]]) -> None:
    """Let the search field find more: `find(user, query, limit)` gives (title, subtitle, url)."""
    registry.searches[key] = Search(key, label, find)


def register_command(
    key: str,
    label: str,
    icon: str,
    url_name: str,
    *,
    visible: Visible = everyone,
    order: int = 50,
) -> None:
    """Add an act such as "New deal" to the command dialog."""
    registry.commands[key] = Command(key, label, icon, url_name, visible, order)


def register_setting(
    key: str,
    label: str,
    sentence: str,
    icon: str,
    url_name: str,
    order: int,
    *,
    visible: Visible = everyone,
) -> None:
    """Add an entry to the page of settings; who may not use it does not see it."""
    registry.settings[key] = Setting(key, label, sentence, icon, url_name, order, visible)


def settings_of(user: Any) -> list[Setting]:
    """What this person may set up, in order."""
    entries = sorted(registry.settings.values(), key=lambda each: (each.order, each.key))
    return [each for each in entries if each.visible(user) and each.url]


def places(user: Any, path: str) -> list[Place]:
    """The rail of `user` on the page at `path`, in order, without what they may not use."""
    seen = [
        (item, item.url)
        for item in sorted(registry.items.values(), key=lambda item: (item.order, item.key))
        if item.visible(user)
    ]
    seen = [(item, url) for item, url in seen if url]
    begins = {url: item.under or url for item, url in seen}
    here = max(
        (url for _, url in seen if path == url or (url != "/" and path.startswith(begins[url]))),
        key=len,
        default="",
    )
    return [
        Place(
            item.key,
            item.label,
            item.icon,
            url,
            item.count(user) if item.count else 0,
            url == here,
        )
        for item, url in seen
    ]


def commands(user: Any) -> list[Command]:
    """The acts of this person, those first that make something; then what they may set up."""
    acts = sorted(registry.commands.values(), key=lambda each: (each.order, each.label))
    settings = [
        Command(each.key, each.label, each.icon, each.url_name, each.visible)
        for each in settings_of(user)
    ]
    known = {command.url_name for command in acts}
    return [
        command
        for command in [*acts, *(each for each in settings if each.url_name not in known)]
        if command.visible(user) and command.url
    ]


@dataclass(frozen=True)
class Found:
    label: str
    hits: list[Hit]


def search(user: Any, query: str, limit: int) -> list[Found]:
    """What `user` may see that matches, by kind; kinds without a hit are left out."""
    found = [
        Found(kind.label, list(kind.find(user, query, limit)))
        for kind in registry.searches.values()
    ]
    return [kind for kind in found if kind.hits]
