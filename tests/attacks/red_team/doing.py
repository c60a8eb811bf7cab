"""What attackers do, by page, API and shell."""

from __future__ import annotations

from django.urls import reverse

from dealdesk.forms import Raw
from dealdesk.inputs import rows_of
from dealdesk.links import derive_path
from dealdesk.models import Quote
from dealdesk.operations import make_primary, revise_quote, save_quote
from pipeline.operations import win_deal
from revops import integrity
from revops.refusals import Refused
from tests.api.calling import Caller
from tests.factories.dealdesk import AT, HOUR, line
from tests.factories.people import by, signed_in


def fresh(record):
    return type(record).objects.get(pk=record.pk)


def findings():
    return {found.check for found in integrity.findings()}


def worsened(quote, off, rep) -> Quote:
    """A primary draft with more taken off, never submitted."""
    draft = revise_quote(quote=quote, by=by(rep), at=AT + HOUR)
    key = draft.lines.get().key
    save_quote(quote=draft, lines=[line(off, key=key)], by=by(rep), at=AT + HOUR)
    return make_primary(quote=fresh(draft), by=by(rep), at=AT + HOUR)


def win_by_page(deal, person):
    address = reverse("pipeline:deal-win", args=[deal.pk])
    return signed_in(person).post(address, {"asked": "1"}).status_code


def win_by_api(deal, person):
    return Caller(person).post(f"deals/{deal.pk}/win/", {}).status_code


def win_by_shell(deal, person):
    try:
        win_deal(deal=fresh(deal), by=by(person), at=AT + 2 * HOUR)
    except Refused as refused:
        return refused.status
    return 200


WAYS_TO_WIN = [win_by_page, win_by_api, win_by_shell]


def path_of(slot) -> str:
    return derive_path(slot.links.order_by("-pk").first().pk)


def sheet_of(quote, **changes):
    """The sheet of a quote as its page would send it."""
    flat = Raw.of_rows(rows_of(quote)).flat()
    return {**flat, "version": str(quote.version), **changes}
