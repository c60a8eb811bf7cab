"""Entries as sentences, each noun told by the app that knows it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from pipeline import registry
from pipeline.models import Deal
from pipeline.registry import Story
from pipeline.timeline.names import names_for
from pipeline.timeline.tellers import OWN, TELLERS
from revops.frame.shapes import Happening
from revops.ledger.models import VIA_CHOICES, Entry
from revops.people.models import User

VIA = {str(via): label.lower() for via, label in VIA_CHOICES if via not in ("web", "system")}


def tell(
    entries: Sequence[Entry], user: User, beside: Mapping[int, Deal] | None = None
) -> list[Happening]:
    """The entries as sentences, each noun told in one batch by the app that knows it.

    `beside` names the deals on a page that is not their own.
    """
    nouns: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        noun = entry.verb.partition(".")[0]
        nouns["" if noun in OWN else noun].append(entry)
    tellers = {**registry.storytellers(), "": tell_own}
    stories: dict[int, Story] = {}
    for noun, rows in nouns.items():
        stories |= tellers.get(noun, tell_plainly)(rows, user)
    return [
        happening(entry, stories[entry.pk], beside or {})
        for entry in entries
        if entry.pk in stories
    ]


def happening(entry: Entry, story: Story, beside: Mapping[int, Deal]) -> Happening:
    deal = beside.get(entry.subject_id) if entry.subject_type == "deal" else None
    return Happening(
        sentence=f"{story.sentence}: {deal.name}" if deal else story.sentence,
        at=entry.at,
        by=entry.actor or {"name": "Import" if entry.via == "import" else "Deal desk"},
        icon=story.icon,
        tone=story.tone,
        via=VIA.get(entry.via, ""),
        body=story.body,
        changes=story.changes,
        url=story.url or (deal.get_absolute_url() if deal else ""),
    )


def tell_plainly(entries: Sequence[Entry], user: User) -> dict[int, Story]:
    """The sentence for a verb that nobody has put into words."""
    told = {}
    for entry in entries:
        noun, _, verb = entry.verb.partition(".")
        told[entry.pk] = Story(f"{verb.replace('_', ' ')} the {noun.replace('_', ' ')}")
    return told


def tell_own(entries: Sequence[Entry], user: User) -> dict[int, Story]:
    names = names_for(entries, user)
    told = {}
    for entry in entries:
        teller = TELLERS.get(entry.verb)
        if teller:
            story = teller(entry, names)
        else:
            story = tell_plainly([entry], user)[entry.pk]
        if story:
            told[entry.pk] = story
    return told
