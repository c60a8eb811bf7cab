"""Redlines, the customer's paper, and legal's checklist."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from dealdesk.inputs import REDLINE
from dealdesk.models import ApprovalRequest, PaperCheck, PaperTick
from dealdesk.operations import revise_quote
from dealdesk.operations.papers import add_redline, remove_redline, tick_checklist
from dealdesk.papers import unticked
from dealdesk.terms import from_canonical
from revops.refusals import NotAllowed, Refused
from revops.work.models import Attachment
from tests.factories.dealdesk import AT, by, decide, line, make_quote, submit, term

pytestmark = pytest.mark.django_db


def word_file(text="They changed clause 7."):
    return SimpleUploadedFile("msa-redlined.docx", text.encode())


def redlined(rep):
    quote = make_quote(rep)
    add_redline(quote=quote, file=word_file(), by=by(rep), at=AT)
    return quote


def on_paper(rep):
    return make_quote(rep, lines=[line()], terms=[term("customer-paper", "")])


def tick_all(request, person):
    return tick_checklist(request=request, ticked=unticked(request), by=by(person), at=AT)


def test_redlines_always_ask_legal(rep, legal):
    request = submit(redlined(rep))

    assert request.route_key == "legal"
    assert len(from_canonical(request.snapshot.body).redlines) == 1


def test_the_customers_paper_always_asks_legal(rep, desk, legal):
    assert submit(on_paper(rep)).route_key == "deal_desk+legal"


def test_legal_approves_only_with_every_line_ticked(rep, legal):
    request = submit(redlined(rep))

    with pytest.raises(Refused, match="checklist") as refused:
        decide(request, legal)
    tick_all(request, legal)
    decide(request, legal)

    assert len(refused.value.missing) == PaperCheck.objects.count()
    request.refresh_from_db()
    assert request.status == ApprovalRequest.Status.APPROVED


def test_a_rejection_needs_no_ticks(rep, legal):
    request = submit(redlined(rep))

    decide(request, legal, "rejected")

    request.refresh_from_db()
    assert request.status == ApprovalRequest.Status.REJECTED


def test_others_approve_without_the_checklist(rep, desk, legal):
    request = submit(on_paper(rep))

    decide(request, desk)

    request.refresh_from_db()
    assert request.is_pending


def test_a_tick_is_taken_back(rep, legal):
    request = submit(redlined(rep))
    tick_all(request, legal)

    tick_checklist(request=request, ticked=[], by=by(legal), at=AT)

    assert not PaperTick.objects.exists()


def test_only_legal_ticks(rep, desk, legal):
    request = submit(on_paper(rep))

    with pytest.raises(NotAllowed):
        tick_all(request, desk)


def test_our_own_paper_has_no_checklist(rep, legal, finance):
    request = submit(make_quote(rep, term_months=24))

    with pytest.raises(Refused, match="no checklist"):
        tick_checklist(request=request, ticked=[], by=by(legal), at=AT)


def test_a_submitted_revision_takes_no_other_redlines(rep, legal):
    quote = redlined(rep)
    submit(quote)

    with pytest.raises(Refused, match="never changes"):
        add_redline(quote=quote, file=word_file("More."), by=by(rep), at=AT)
    with pytest.raises(Refused, match="never changes"):
        remove_redline(attachment=Attachment.objects.get(), by=by(rep), at=AT)


def test_a_new_revision_keeps_the_redlines(rep, legal):
    quote = redlined(rep)
    submit(quote)

    draft = revise_quote(quote=quote, by=by(rep), at=AT)

    assert Attachment.objects.about(draft).filter(kind=REDLINE).count() == 1


def test_another_redline_reopens_legal_alone(rep, legal):
    quote = redlined(rep)
    request = submit(quote)
    tick_all(request, legal)
    decide(request, legal)
    draft = revise_quote(quote=quote, by=by(rep), at=AT)
    add_redline(quote=draft, file=word_file("And clause 9."), by=by(rep), at=AT)

    again = submit(draft)

    assert again.is_pending
    assert not again.steps.get().slots.filter(state="carried_forward").exists()


def test_whoever_brings_redlines_does_not_approve_them(rep, legal):
    quote = make_quote(rep)
    add_redline(quote=quote, file=word_file(), by=by(rep), at=AT)

    assert quote.edits.filter(worsened=["legal"], edited_by=rep).exists()


def test_redlines_are_attached_removed_and_served_on_the_page(client, rep, other_rep, legal):
    quote = make_quote(rep)
    client.force_login(rep)
    address = reverse("dealdesk:quote-redline", args=[quote.pk])

    swapped = client.post(address, {"redline": word_file()}, headers={"HX-Request": "true"})

    assert "msa-redlined.docx" in swapped.content.decode()
    assert swapped["HX-Trigger-After-Swap"] == "redlines-changed"
    kept = Attachment.objects.get()
    served = reverse("work:attachment-download", args=[kept.pk])
    download = client.get(served)
    assert b"".join(download.streaming_content) == b"They changed clause 7."
    client.force_login(other_rep)
    assert client.get(served).status_code == 404
    client.force_login(rep)
    client.post(reverse("dealdesk:quote-redline-remove", args=[quote.pk, kept.pk]))
    kept.refresh_from_db()
    assert kept.removed_at


def test_no_file_is_refused_beside_the_button(client, rep):
    quote = make_quote(rep)
    client.force_login(rep)

    answer = client.post(
        reverse("dealdesk:quote-redline", args=[quote.pk]), headers={"HX-Request": "true"}
    )

    assert answer.status_code == 422
    assert "Choose a file" in answer.content.decode()


def test_the_checklist_is_ticked_on_the_page(client, rep, legal):
    request = submit(redlined(rep))
    client.force_login(legal)
    page = client.get(request.steps.get().slots.get().get_absolute_url()).content.decode()
    assert "Legal ticks each line" in page

    every = [str(line.pk) for line in unticked(request)]
    answer = client.post(
        reverse("dealdesk:request-checklist", args=[request.pk]),
        {"line": every},
        headers={"HX-Request": "true"},
    )

    assert "8 of 8" in answer.content.decode()
    assert not unticked(request)
