"""Changes of the placeholders that count as nothing where evidence is asked."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from pipeline.findings.keeping import recount_numbered
from pipeline.junk import plain
from pipeline.junkwords import deals_saying
from pipeline.models import JunkWord
from revops.company.permissions import check_can_administer
from revops.ledger.operations import record
from revops.people.actor import Actor
from revops.refusals import Missing, Refused

LONGEST = 60


@transaction.atomic(durable=True)
def add_junk_word(*, text: str, by: Actor, at: datetime) -> JunkWord:
    """Count a word or phrase as nothing from now on; a retired one is taken up again.

    Deals that say it are judged anew at once. Raises Refused when it counts as nothing already.
    """
    check_can_administer(by)
    said = plain(text)
    if not said:
        refuse("Give a word or a phrase: punctuation alone counts as nothing anyway.")
    if len(said) > LONGEST:
        refuse(f"A placeholder has at most {LONGEST} characters.")
    word = JunkWord.objects.select_for_update().filter(text=said).first()
    if word is None:
        word = JunkWord.objects.create(text=said, added_at=at, added_by=by.user)
    elif word.retired_at is None:
        refuse(f"“{said}” counts as nothing already.")
    else:
        word.retired_at = None
        word.save(update_fields=["retired_at"])
    record("junk.added", word, by=by, at=at, after={"text": said})
    recount_numbered(deals_saying(said), at)
    return word


@transaction.atomic(durable=True)
def retire_junk_word(*, word: JunkWord, by: Actor, at: datetime) -> JunkWord:
    """Let a word count as an answer again; deals that say it are judged anew at once."""
    check_can_administer(by)
    word = JunkWord.objects.select_for_update().get(pk=word.pk)
    if word.retired_at is not None:
        refuse(f"“{word.text}” is retired already.")
    word.retired_at = at
    word.save(update_fields=["retired_at"])
    record("junk.retired", word, by=by, at=at, before={"text": word.text})
    recount_numbered(deals_saying(word.text), at)
    return word


def refuse(sentence: str) -> None:
    raise Refused(sentence, code="invalid", missing=[Missing("text", "Placeholder", sentence)])
