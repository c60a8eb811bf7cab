"""The ladder of a catalogue term: fallbacks and prohibited wordings, and legal's checklist."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max

from dealdesk.ladder import alike
from dealdesk.models import NonStandardTerm, PaperCheck, TermRung
from dealdesk.permissions import check_can_govern
from dealdesk.policy import Role
from revops.ledger.operations import record
from revops.models import check_version
from revops.people.actor import Actor
from revops.refusals import Conflict, Refused

FACTS = frozenset({"kind", "name", "value", "text", "roles"})


@transaction.atomic(durable=True)
def add_rung(
    *, term: NonStandardTerm, facts: Mapping[str, Any], by: Actor, at: datetime
) -> TermRung:
    """Add an exact wording to a term: pre-approved, or prohibited. It counts from now on."""
    check_can_govern(by=by)
    check_known(facts)
    # Whoever changes a ladder waits here, so that no wording stands on it twice.
    term = NonStandardTerm.objects.select_for_update().get(pk=term.pk)
    last = term.rungs.aggregate(last=Max("position"))["last"] or 0
    rung = TermRung(term=term, position=last + 10, **facts)
    check_rung(rung)
    rung.save()
    record("rung.added", rung, by=by, at=at, after=facts_of(rung), related=[term])
    return rung


@transaction.atomic(durable=True)
def change_rung(
    *,
    rung: TermRung,
    facts: Mapping[str, Any],
    version: int | None = None,
    by: Actor,
    at: datetime,
) -> TermRung:
    """Change a wording. What was submitted keeps the one it was judged by."""
    check_can_govern(by=by)
    check_known(facts)
    rung = locked_rung(rung)
    check_version(rung, version)
    before = facts_of(rung)
    for name, value in facts.items():
        setattr(rung, name, value)
    check_rung(rung)
    after = facts_of(rung)
    changed = sorted(name for name in after if after[name] != before[name])
    if not changed:
        return rung
    rung.save_version(update_fields=sorted(facts))
    record(
        "rung.changed",
        rung,
        by=by,
        at=at,
        before={name: before[name] for name in changed},
        after={name: after[name] for name in changed},
        related=[rung.term],
    )
    return rung


@transaction.atomic(durable=True)
def retire_rung(*, rung: TermRung, by: Actor, at: datetime) -> TermRung:
    """Take a wording off the ladder; from now on it is judged like any other."""
    check_can_govern(by=by)
    rung = locked_rung(rung)
    if rung.retired_at is not None:
        raise Refused("This wording is off the ladder already.", code="retired")
    rung.retired_at = at
    rung.save_version(update_fields=["retired_at"])
    record("rung.retired", rung, by=by, at=at, after={"name": rung.name}, related=[rung.term])
    return rung


@transaction.atomic(durable=True)
def add_paper_check(*, text: str, by: Actor, at: datetime) -> PaperCheck:
    """Add a line to legal's checklist; requests that wait ask for it too."""
    check_can_govern(by=by)
    text = text.strip()
    if not text or len(text) > LONGEST_LINE:
        raise Refused(f"A line of the checklist has 1 to {LONGEST_LINE} letters.", code="invalid")
    if PaperCheck.objects.standing().filter(text=text).exists():
        raise Conflict("This line is on the checklist already.", code="twice")
    last = PaperCheck.objects.aggregate(last=Max("position"))["last"] or 0
    line = PaperCheck.objects.create(text=text, position=last + 10)
    record("paper_check.added", line, by=by, at=at, after={"text": text})
    return line


LONGEST_LINE = 200


@transaction.atomic(durable=True)
def retire_paper_check(*, line: PaperCheck, by: Actor, at: datetime) -> PaperCheck:
    """Take a line off legal's checklist; who ticked it when is kept."""
    check_can_govern(by=by)
    line = PaperCheck.objects.select_for_update().get(pk=line.pk)
    if line.retired_at is not None:
        raise Refused("This line is off the checklist already.", code="retired")
    line.retired_at = at
    line.save_version(update_fields=["retired_at"])
    record("paper_check.retired", line, by=by, at=at, after={"text": line.text})
    return line


# Shared; all assume the transaction.


def locked_rung(rung: TermRung) -> TermRung:
    NonStandardTerm.objects.select_for_update().get(pk=rung.term_id)
    return TermRung.objects.select_related("term").get(pk=rung.pk)


def check_known(facts: Mapping[str, Any]) -> None:
    unknown = set(facts) - FACTS
    if unknown:
        raise Refused(f"{', '.join(sorted(unknown))} is no fact of a wording.", code="invalid")


def check_rung(rung: TermRung) -> None:
    """Raise Refused unless the wording is well formed and new on its ladder."""
    if rung.kind == TermRung.Kind.PROHIBITED:
        rung.roles = []
    unknown = [role for role in rung.roles if role not in {known.value for known in Role}]
    if unknown:
        raise Refused(f"{', '.join(map(str, unknown))} cannot be asked.", code="invalid")
    wording = (alike(rung.text), alike(rung.value))
    if wording == (alike(rung.term.standard_wording), alike(rung.term.standard_value)):
        raise Refused("This is our standard wording.", code="standard")
    for other in TermRung.objects.standing().filter(term=rung.term).exclude(pk=rung.pk):
        if wording == (alike(other.text), alike(other.value)):
            raise Conflict(f"“{other.name}” has this very wording.", code="twice")
    try:
        rung.full_clean()
    except ValidationError as fault:
        raise Refused(" ".join(fault.messages), code="invalid") from None


def facts_of(rung: TermRung) -> dict[str, Any]:
    return {"term": rung.term.key, **{name: getattr(rung, name) for name in sorted(FACTS)}}
