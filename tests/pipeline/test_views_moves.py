"""Moving deals by page, menu and drop: the form asks exactly what is missing."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from pipeline.models import Deal
from pipeline.operations import change_deal
from tests.factories.people import AT, by
from tests.factories.pipeline import complete, make_deal
from tests.pipeline.visiting import SWAP, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("now")]


def url(name, deal):
    return reverse(f"pipeline:{name}", args=[deal.pk])


def stage_of(deal):
    return Deal.objects.get(pk=deal.pk).stage.key


def test_advance_with_everything_there_moves_and_shows_the_deal(visit, rep):
    deal = complete(make_deal(rep))

    response = visit(rep).post(url("deal-advance", deal), {"version": deal.version})

    assert response.status_code == 302
    assert response["Location"] == deal.get_absolute_url()
    assert stage_of(deal) == "discovery"


def test_advance_by_swap_answers_with_the_whole_deal(visit, rep):
    deal = complete(make_deal(rep))

    response = visit(rep).post(url("deal-advance", deal), headers=SWAP)

    assert response.status_code == 200
    assert response["HX-Retarget"] == "#deal"
    assert "close-dialog" in response["HX-Trigger"]
    assert "HX-Request" in response["Vary"]
    assert 'id="deal"' in text_of(response)


def test_refused_advance_asks_exactly_the_missing_items(visit, rep):
    deal = complete(make_deal(rep), but=["fit_score", "discovery_call_scheduled"])

    response = visit(rep).post(url("deal-advance", deal), headers=SWAP)

    assert response.status_code == 422
    form = response.context["form"]
    assert [asked.key for asked in form.items] == [
        "fit_score",
        "criterion:discovery_call_scheduled",
    ]
    assert not form.errors


def test_form_of_missing_items_fills_them_in_and_moves(visit, rep):
    deal = complete(make_deal(rep), but=["fit_score", "discovery_call_scheduled"])
    answers = {
        "asked": "1",
        "version": deal.version,
        "item-fit_score": "70",
        "item-criterion-discovery_call_scheduled": "on",
    }

    response = visit(rep).post(url("deal-advance", deal), answers)

    assert response.status_code == 302
    deal = Deal.objects.get(pk=deal.pk)
    assert (deal.stage.key, deal.fit_score) == ("discovery", 70)


def test_half_filled_form_keeps_what_was_typed_and_marks_the_rest(visit, rep):
    deal = complete(make_deal(rep), but=["fit_score", "discovery_call_scheduled"])
    answers = {"asked": "1", "item-fit_score": "70"}

    response = visit(rep).post(url("deal-advance", deal), answers)

    assert response.status_code == 422
    form = response.context["form"]
    assert form["item-fit_score"].value() == "70"
    assert list(form.errors) == ["item-criterion-discovery_call_scheduled"]
    assert Deal.objects.get(pk=deal.pk).fit_score is None


def test_new_contact_is_entered_by_the_form_of_missing_items(visit, rep):
    deal = complete(make_deal(rep), but=["contact_info"])
    answers = {
        "asked": "1",
        "item-contact_info-name": "Bo Buyer",
        "item-contact_info-email": "bo@acme.example",
    }

    visit(rep).post(url("deal-advance", deal), answers)

    assert stage_of(deal) == "discovery"
    assert deal.deal_contacts.get().contact.name == "Bo Buyer"


def test_none_is_an_answer_where_the_stage_takes_it(visit, rep):
    deal = complete(make_deal(rep, stage="demo"), but=["technical_requirements"])
    answers = {"asked": "1", "item-technical_requirements-none": "on"}

    visit(rep).post(url("deal-advance", deal), answers)

    assert stage_of(deal) == "proposal"
    assert deal.declared_none.get().item_key == "technical_requirements"


def test_drop_on_a_gated_stage_opens_the_form(visit, rep):
    deal = complete(make_deal(rep), but=["fit_score"])
    address = url("deal-move", deal) + "?from=board&scope=mine"

    response = visit(rep).post(address, {"stage": "discovery"}, headers=SWAP)

    assert response.status_code == 422
    assert "from=board" in text_of(response)
    assert stage_of(deal) == "qualified"


def test_drop_that_succeeds_answers_with_card_and_heads(visit, rep):
    deal = complete(make_deal(rep))
    address = url("deal-move", deal) + "?from=board&scope=mine"

    response = visit(rep).post(address, {"stage": "discovery"}, headers=SWAP)

    assert response.status_code == 200
    text = text_of(response)
    assert 'hx-swap-oob="delete"' in text
    assert 'hx-swap-oob="afterbegin:#column-discovery .board-cards"' in text
    assert text.count('hx-swap-oob="outerHTML:#column-') == 7


def test_drop_over_a_stage_asks_for_a_reason(visit, rep):
    deal = complete(make_deal(rep))

    response = visit(rep).post(url("deal-move", deal), {"stage": "demo"}, headers=SWAP)

    assert response.status_code == 422
    assert "reason" in response.context["form"].fields
    assert response.context["skipped"] == ["Discovery"]


def test_skip_with_a_reason_moves_and_notes_what_is_owed(visit, rep):
    deal = complete(make_deal(rep), but=["pain_points"])
    answers = {"asked": "1", "to": "demo", "reason": "They saw it at the fair."}

    visit(rep).post(url("deal-skip", deal), answers)

    assert stage_of(deal) == "demo"
    assert deal.debts.get().item_key == "pain_points"


def test_skip_without_its_reason_says_so_beside_the_field(visit, rep):
    deal = complete(make_deal(rep))

    response = visit(rep).post(url("deal-skip", deal), {"asked": "1", "to": "demo"})

    assert response.status_code == 422
    assert "reason" in response.context["form"].errors


def test_send_back_asks_a_reason_then_moves(visit, rep):
    deal = make_deal(rep, stage="demo")
    client = visit(rep)

    refused = client.post(url("deal-move", deal), {"stage": "qualified"}, headers=SWAP)
    answers = {"asked": "1", "to": "qualified", "reason": "Wrong contact."}
    client.post(url("deal-send-back", deal), answers)

    assert refused.status_code == 422
    assert stage_of(deal) == "qualified"


def test_loss_asks_reason_and_competitor_and_nothing_else(visit, rep):
    deal = make_deal(rep)

    response = visit(rep).get(url("deal-lose", deal), headers=SWAP)

    keys = [asked.key for asked in response.context["form"].items]
    assert keys == ["loss_reason", "competitor"]


def test_loss_for_other_reasons_needs_a_note(visit, rep):
    deal = make_deal(rep)
    answers = {"asked": "1", "item-loss_reason": "other", "item-competitor-none": "on"}
    client = visit(rep)

    refused = client.post(url("deal-lose", deal), answers)
    client.post(url("deal-lose", deal), {**answers, "note": "Bought by a group."})

    assert refused.status_code == 422
    assert "note" in refused.context["form"].errors
    assert Deal.objects.get(pk=deal.pk).status == "lost"


def test_win_takes_the_signed_contract_as_a_file(visit, rep, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    deal = complete(make_deal(rep, stage="negotiation"), but=["contract_reference"])
    contract = SimpleUploadedFile("contract.pdf", b"signed")
    answers = {"asked": "1", "item-signed_contract-file": contract}

    visit(rep).post(url("deal-win", deal), answers)

    assert Deal.objects.get(pk=deal.pk).status == "won"


def test_reopening_takes_a_reason(visit, rep, manager):
    deal = make_deal(rep)
    lost = {"asked": "1", "item-loss_reason": "price", "item-competitor-none": "on"}
    visit(rep).post(url("deal-lose", deal), lost)

    answers = {"asked": "1", "reason": "They called again."}
    visit(manager).post(url("deal-reopen", deal), answers)

    assert Deal.objects.get(pk=deal.pk).status == "open"


def test_stale_page_is_told_what_changed_and_loses_nothing(visit, rep, manager):
    deal = complete(make_deal(rep), but=["fit_score"])
    seen = deal.version
    change_deal(deal=deal, changes={"amount": "12000"}, by=by(manager), at=AT)
    answers = {"asked": "1", "version": seen, "item-fit_score": "70"}

    response = visit(rep).post(url("deal-advance", deal), answers, headers=SWAP)

    assert response.status_code == 409
    text = text_of(response)
    assert "changed amount" in text
    assert 'value="70"' in text
    assert f'name="version" value="{seen + 1}"' in text


def test_unknown_stage_is_refused(visit, rep):
    deal = make_deal(rep)

    assert visit(rep).post(url("deal-move", deal), {"stage": "nowhere"}).status_code == 422
