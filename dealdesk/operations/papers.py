"""Redlines of a quote, and what legal ticks before a contract that is not ours passes."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.core.files import File
from django.db import transaction

from dealdesk.inputs import REDLINE
from dealdesk.models import (
    ApprovalRequest,
    ApprovalSlot,
    PaperCheck,
    PaperTick,
    Quote,
    QuoteEdit,
)
from dealdesk.operations.shared import lock_deal, lock_quote, lock_request
from dealdesk.papers import is_on_paper
from dealdesk.permissions import check_can_save, check_is_pending
from dealdesk.policy import Topic
from revops.ledger.operations import record
from revops.models import subject_of
from revops.people.actor import Actor
from revops.people.models import Role
from revops.refusals import NotAllowed, Refused
from revops.work.models import Attachment
from revops.work.operations import drop_file, keep_file


@transaction.atomic(durable=True)
def add_redline(*, quote: Quote, file: File, by: Actor, at: datetime) -> Attachment:
    """Keep the customer's changes in our contract with a draft: legal will be asked to read them.

    The file is part of what is judged, so a submitted revision takes no other.
    """
    quote = lock_draft(quote, by=by)
    attachment = keep_file(file=file, about=quote, by=by, at=at, kind=REDLINE)
    if by.user is not None:
        # Whoever brings redlines may not be the one to approve them.
        QuoteEdit.objects.create(
            quote=quote, edited_at=at, edited_by=by.user, worsened=[Topic.LEGAL.value]
        )
    record(
        "quote.redline_added",
        quote,
        by=by,
        at=at,
        after={"sha256": attachment.sha256},
        related=[quote.deal],
    )
    return attachment


@transaction.atomic(durable=True)
def remove_redline(*, attachment: Attachment, by: Actor, at: datetime) -> Attachment:
    """Take a file with redlines off a draft; only who attached it, or an administrator, may."""
    quote = lock_draft(redlined(attachment), by=by)
    drop_file(attachment, by=by, at=at)
    record(
        "quote.redline_removed",
        quote,
        by=by,
        at=at,
        before={"sha256": attachment.sha256},
        related=[quote.deal],
    )
    return attachment


@transaction.atomic(durable=True)
def tick_checklist(
    *, request: ApprovalRequest, ticked: Collection[PaperCheck], by: Actor, at: datetime
) -> list[PaperTick]:
    """Write down which lines of the checklist legal has looked at on this request.

    A tick that is not among them is taken back. Raises NotAllowed for whoever legal's approval
    is not asked of, Refused where there is no checklist.
    """
    deal = lock_deal(request.deal_id)
    request = lock_request(request.pk, deal)
    check_can_tick(request, by=by)
    check_is_pending(request)
    if not is_on_paper(request):
        raise Refused("This contract is ours: there is no checklist.", code="no_checklist")
    assert by.user is not None  # check_can_tick has asked
    before = {tick.check_line_id: tick for tick in request.ticks.all()}
    wanted = {line.pk: line for line in ticked}
    gone = [tick for pk, tick in before.items() if pk not in wanted]
    new = [
        PaperTick(request=request, check_line=line, ticked_at=at, ticked_by=by.user)
        for pk, line in wanted.items()
        if pk not in before
    ]
    if not gone and not new:
        return []
    PaperTick.objects.filter(pk__in=[tick.pk for tick in gone]).delete()
    PaperTick.objects.bulk_create(new)
    record(
        "approval.checked",
        request,
        by=by,
        at=at,
        before={"unticked": sorted(tick.check_line_id for tick in gone)},
        after={"ticked": sorted(tick.check_line_id for tick in new)},
        related=[deal],
    )
    return new


# Shared; all assume the transaction.


def lock_draft(quote: Quote, *, by: Actor) -> Quote:
    """The quote as it is now, locked; raises unless `by` may change it."""
    deal = lock_deal(quote.deal_id)
    quote = lock_quote(quote.pk, deal)
    check_can_save(quote, by=by)
    return quote


def redlined(attachment: Attachment) -> Quote:
    kind, _ = subject_of(Quote())
    if attachment.about_type != kind or attachment.kind != REDLINE:
        raise Refused("This file is no redline of a quote.", code="invalid")
    return Quote.objects.get(pk=attachment.about_id)


def copy_redlines(source: Quote, quote: Quote, *, by: Actor, at: datetime) -> None:
    """Give a new revision the redlines of the one it grew out of; the files stay where they are."""
    kind, _ = subject_of(Quote())
    for file in Attachment.objects.about(source).filter(kind=REDLINE):
        copy = Attachment.objects.create(
            file=file.file.name,
            name=file.name,
            sha256=file.sha256,
            size=file.size,
            content_type=file.content_type,
            kind=REDLINE,
            about_type=kind,
            about_id=quote.pk,
            uploaded_at=file.uploaded_at,
            uploaded_by=file.uploaded_by,
        )
        record(
            "attachment.added",
            copy,
            by=by,
            at=at,
            after={"sha256": copy.sha256, "size": copy.size, "kind": REDLINE},
            related=[quote],
        )


def check_can_tick(request: ApprovalRequest, *, by: Actor) -> None:
    """Raise NotAllowed unless legal's approval of this request is asked of `by` now."""
    slots = ApprovalSlot.objects.open().filter(step__request=request, role=Role.LEGAL)
    if by.user is None or not slots.filter(person=by.user).exists():
        raise NotAllowed("Only who is asked for legal ticks this checklist.")
