"""How a notification reads in the list of notices, and which page it opens.

The subject of its mail is its sentence, unless an app registers a shorter one.
"""

from collections.abc import Callable
from typing import Any

from django.template import TemplateDoesNotExist
from django.template.loader import render_to_string

Sentence = Callable[[dict[str, Any]], str]
Address = Callable[[Any], str]

sentences: dict[str, Sentence] = {}
addresses: dict[str, Address] = {}


def register_notice(event: str, sentence: Sentence) -> None:
    """`sentence(context)` says what happened in one line."""
    sentences[event] = sentence


def register_address(about_type: str, address: Address) -> None:
    """`address(about_id)` is the page a notice about such a record opens."""
    addresses[about_type] = address


def sentence_of(notification: Any) -> str:
    facts = notification.context or {}
    if notification.event in sentences:
        return sentences[notification.event](facts)
    try:
        named = {"person": notification.person, **facts}
        subject = render_to_string(f"mail/{notification.event}.subject.txt", named)
        return " ".join(subject.split())
    except TemplateDoesNotExist:
        pass
    noun, _, verb = notification.event.partition(".")
    name = facts.get("deal") or facts.get("name") or f"#{notification.about_id}"
    return f"{noun.replace('_', ' ').capitalize()} {name}: {verb.replace('_', ' ')}"


def address_of(notification: Any) -> str:
    kind, _, number = notification.link.partition(":")
    if address := addresses.get(notification.about_type):
        return address(notification.about_id)
    # A personal link's token is for its mail alone; only plain kinds are opened from here.
    if (address := addresses.get(kind)) and number.isdecimal():
        return address(int(number))
    return ""
