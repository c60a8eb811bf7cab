"""How a notification reads in the list of notices; apps register their events' sentences."""

from collections.abc import Callable
from typing import Any

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
    if sentence := facts.get("sentence") or facts.get("summary"):
        return str(sentence)
    noun, _, verb = notification.event.partition(".")
    name = facts.get("deal") or facts.get("name") or f"#{notification.about_id}"
    return f"{noun.replace('_', ' ').capitalize()} {name}: {verb.replace('_', ' ')}"


def address_of(notification: Any) -> str:
    address = addresses.get(notification.about_type)
    return address(notification.about_id) if address else ""
