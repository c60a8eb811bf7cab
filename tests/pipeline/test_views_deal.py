"""The deal page and what is done on it."""

from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from pipeline import registry
from pipeline.models import Activity, Deal
from pipeline.operations import change_deal, log_activity, plan_next_step, push_close_date
from pipeline.registry import HomePanel, Panel
from revops.company.models import FieldDefinition
from tests.factories.people import AT, by
from tests.factories.pipeline import complete, make_contact, make_deal
from tests.pipeline.visiting import NOW, SWAP, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("now")]


def url(name, deal, *more):
    return reverse(f"pipeline:{name}", args=[deal.pk, *more])


def fresh(deal):
    return Deal.objects.get(pk=deal.pk)


def test_page_shows_path_checklist_and_what_the_next_stage_asks(visit, rep):
    deal = complete(make_deal(rep), but=["fit_score"])

    page = visit(rep).get(deal.get_absolute_url())

    text = text_of(page)
    assert "<title>Acme rollout · Deals</title>" in text
    assert "Advance to Discovery" in text
    assert "still asks for <b>fit score</b>" in text
    assert [mark.state for mark in page.context["path"]][:2] == ["current", "next"]


def test_path_marks_what_was_skipped(visit, rep):
    deal = make_deal(rep, stage="demo")

    page = visit(rep).get(deal.get_absolute_url())

    states = [mark.state for mark in page.context["path"]]
    assert states[:3] == ["done", "skipped", "current"]


def test_item_is_filled_in_place(visit, rep):
    deal = make_deal(rep)

    response = visit(rep).post(
        url("deal-item-fill", deal, "fit_score"), {"item-fit_score": "66"}, headers=SWAP
    )

    assert response.status_code == 200
    assert fresh(deal).fit_score == 66


def test_wrong_value_stays_in_its_line(visit, rep):
    deal = make_deal(rep)

    response = visit(rep).post(
        url("deal-item-fill", deal, "fit_score"), {"item-fit_score": "900"}, headers=SWAP
    )

    assert response.status_code == 422
    assert 'value="900"' in text_of(response)
    assert 'id="item-line-fit_score"' in text_of(response)
    assert fresh(deal).fit_score is None


def test_junk_does_not_fill_an_item(visit, rep):
    deal = make_deal(rep, stage="discovery")

    visit(rep).post(url("deal-item-fill", deal, "pain_points"), {"item-pain_points": "tbd"})

    page = visit(rep).get(deal.get_absolute_url())
    line = next(line for line in page.context["lines"] if line.key == "pain_points")
    assert not line.done


def test_unknown_item_is_not_there(visit, rep):
    deal = make_deal(rep)

    assert visit(rep).post(url("deal-item-fill", deal, "nonsense")).status_code == 404


def test_criterion_is_ticked_with_person_and_taken_back(visit, rep):
    deal = make_deal(rep)
    address = url("deal-criterion-tick", deal, "discovery_call_scheduled")
    client = visit(rep)

    client.post(address)
    tick = deal.ticks.get()
    client.post(address, {"withdraw": "1"})

    assert tick.ticked_by == rep
    assert deal.ticks.get().withdrawn_by == rep


def test_none_is_declared_and_taken_back_in_place(visit, rep):
    deal = make_deal(rep, stage="demo")
    address = url("deal-item-none", deal, "technical_requirements")
    client = visit(rep)

    client.post(address)
    declared = deal.declared_none.count()
    client.post(address, {"withdraw": "1"})

    assert declared == 1
    assert not deal.declared_none.exists()


def test_activity_is_written_down_and_told(visit, rep):
    deal = make_deal(rep)
    typed = {"kind": "call", "side": "buyer", "body": "They have the budget."}

    response = visit(rep).post(url("deal-activity-log", deal), typed, headers=SWAP)

    assert response.status_code == 200
    assert "was called by the buyer" in text_of(response)
    assert "They have the budget." in text_of(response)
    assert Activity.objects.get().side == "buyer"


def test_activity_in_the_future_keeps_what_was_typed(visit, rep):
    deal = make_deal(rep)
    typed = {"kind": "call", "side": "us", "body": "Long text", "happened_at": "2026-12-24T10:00"}

    swap = visit(rep).post(url("deal-activity-log", deal), typed, headers=SWAP)
    page = visit(rep).post(url("deal-activity-log", deal), typed)

    assert (swap.status_code, page.status_code) == (422, 422)
    assert "Long text" in text_of(swap)
    assert "Long text" in text_of(page)
    assert "lies in the future" in text_of(page)


def test_next_step_is_planned(visit, rep):
    deal = make_deal(rep)
    typed = {"next_step": "Send the draft", "next_step_date": "2026-11-10"}

    visit(rep).post(url("deal-next-step", deal), typed)

    assert fresh(deal).next_step == "Send the draft"


def test_known_contact_is_linked_with_a_part(visit, rep):
    deal = make_deal(rep)
    contact = make_contact(deal.account)
    typed = {"contact": contact.pk, "role": "champion"}

    visit(rep).post(url("deal-contact-link", deal), typed)

    assert deal.deal_contacts.get().role == "champion"


def test_contact_of_nobody_is_refused_beside_the_name(visit, rep):
    deal = make_deal(rep)

    response = visit(rep).post(url("deal-contact-link", deal), {"role": "user"})

    assert response.status_code == 422
    assert "name" in response.context["form"].errors


def test_signed_contract_is_attached(visit, rep, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    deal = make_deal(rep)
    typed = {"file": SimpleUploadedFile("c.pdf", b"signed"), "kind": "signed_contract"}
    client = visit(rep)

    client.post(url("deal-attach", deal), typed)

    page = client.get(deal.get_absolute_url())
    assert "c.pdf" in text_of(page)
    assert [file.kind for file in page.context["files"]] == ["signed_contract"]


def test_file_of_a_wrong_kind_is_refused(visit, rep):
    deal = make_deal(rep)
    typed = {"file": SimpleUploadedFile("c.exe", b"MZ"), "kind": ""}

    response = visit(rep).post(url("deal-attach", deal), typed, headers=SWAP)

    assert response.status_code == 422
    assert "is not kept" in text_of(response)


# The close date


def test_push_is_one_tap_on_the_reason(visit, rep):
    deal = make_deal(rep, close_date=date(2026, 12, 1))
    typed = {"to": "2026-12-10", "note": "", "reason_key": "budget"}

    visit(rep).post(url("deal-push", deal), typed)

    assert deal.pushes.get().reason_key == "budget"


def test_push_over_the_month_asks_for_the_note_and_keeps_the_rest(visit, rep):
    deal = make_deal(rep, close_date=date(2026, 12, 1))
    typed = {"to": "2027-01-10", "note": "", "reason_key": "budget"}

    response = visit(rep).post(url("deal-push", deal), typed, headers=SWAP)

    assert response.status_code == 422
    form = response.context["form"]
    assert "note" in form.errors
    assert form["to"].value() == "2027-01-10"
    assert response.context["chosen"] == "budget"


def test_earlier_date_needs_no_reason(visit, rep):
    deal = make_deal(rep, close_date=date(2026, 12, 15))

    visit(rep).post(url("deal-push", deal), {"to": "2026-12-01", "reason_key": ""})

    assert fresh(deal).close_date == date(2026, 12, 1)
    assert not deal.pushes.exists()


def test_pushes_are_shown_with_their_reasons(visit, rep):
    deal = make_deal(rep, close_date=date(2026, 12, 1))
    day = date(2026, 12, 9)
    push_close_date(deal=deal, to=day, reason_key="procurement", by=by(rep), at=AT)

    text = text_of(visit(rep).get(deal.get_absolute_url()))

    assert "1 time, 8 days" in text
    assert "Procurement or security review" in text


# Editing, and two who edit at once


def edited(client, deal, **typed):
    page = client.get(url("deal-edit", deal))
    form = page.context["form"]
    data = {name: form[name].value() for name in form.fields}
    data |= {f"initial-{name}": value for name, value in data.items()}
    data |= {"version": deal.version, "opened": NOW.isoformat()}
    data = {name: "" if value is None else value for name, value in data.items()}
    return {**data, **typed}


def test_edit_changes_what_was_typed(visit, rep):
    deal = make_deal(rep)
    client = visit(rep)

    response = client.post(url("deal-edit", deal), edited(client, deal, name="Acme renewal"))

    assert response.status_code == 302
    assert fresh(deal).name == "Acme renewal"


def test_second_editor_is_told_and_loses_nothing(visit, rep, manager):
    deal = make_deal(rep)
    client = visit(rep)
    data = edited(client, deal, name="Mine")
    later = NOW + timedelta(seconds=1)
    change_deal(deal=deal, changes={"amount": "777"}, by=by(manager), at=later)

    response = client.post(url("deal-edit", deal), data)

    assert response.status_code == 409
    form = response.context["form"]
    assert form["name"].value() == "Mine"
    assert str(form["amount"].value()) == "777.00"
    clash = next(each for each in form.clashes if each.name == "amount")
    assert (clash.was, clash.now) == ("10000.00", "777.00")
    assert clash.by == manager.name
    assert not clash.is_yours
    assert fresh(deal).name == "Acme rollout"


def test_what_another_changed_is_not_undone_by_saving_again(visit, rep, manager):
    deal = make_deal(rep)
    client = visit(rep)
    data = edited(client, deal, name="Mine")
    change_deal(deal=deal, changes={"amount": "777"}, by=by(manager), at=NOW)
    again = client.post(url("deal-edit", deal), data)
    form = again.context["form"]
    repeated = {name: form[name].value() or "" for name in form.fields}
    repeated |= {"initial-name": "Acme rollout", "initial-amount": "777.00", "version": 2}

    client.post(url("deal-edit", deal), {**data, **repeated})

    assert (fresh(deal).name, fresh(deal).amount) == ("Mine", 777)


def test_new_deal_is_entered_by_the_name_of_its_account(visit, rep):
    make_deal(rep)
    page = visit(rep).get(reverse("pipeline:deal-new"))
    typed = {
        "name": "Acme expansion",
        "account": "acme",
        "amount": "80,000.01",
        "currency": "eur",
        "close_date": "2026-12-20",
        "owner": rep.pk,
        "pipeline": page.context["form"]["pipeline"].initial,
    }

    response = visit(rep).post(reverse("pipeline:deal-new"), typed)

    deal = Deal.objects.get(name="Acme expansion")
    assert response["Location"] == deal.get_absolute_url()
    assert (str(deal.amount), deal.currency, deal.account.name) == ("80000.01", "EUR", "Acme")


def test_new_deal_of_an_unknown_account_keeps_what_was_typed(visit, rep):
    typed = {"name": "Acme expansion", "account": "Nobody Inc", "currency": "EUR"}

    response = visit(rep).post(reverse("pipeline:deal-new"), typed)

    assert response.status_code == 422
    assert "There is no account called" in text_of(response)
    assert response.context["form"]["name"].value() == "Acme expansion"


def test_reassigning_away_leads_to_the_board(visit, rep, other_rep):
    deal = make_deal(rep)

    response = visit(rep).post(url("deal-reassign", deal), {"owner": other_rep.pk, "reason": ""})

    assert fresh(deal).owner == other_rep
    assert response["Location"] == reverse("pipeline:deal-board")


# What other apps add


def test_panels_of_other_apps_are_shown(visit, rep, monkeypatch):
    deal = make_deal(rep)
    panel = Panel("x", "pipeline/_timeline_page.html", lambda deal, user, at: {"entries": []})
    monkeypatch.setattr(registry, "_panels", {"x": panel})

    page = visit(rep).get(deal.get_absolute_url())

    assert len(page.context["panels"]) == 1


def test_home_panel_without_anything_to_say_is_left_out(visit, rep, monkeypatch):
    silent = HomePanel("x", "pipeline/_timeline_page.html", lambda user, at: None)
    monkeypatch.setattr(registry, "_home_panels", {"x": silent})

    page = visit(rep).get("/")

    assert page.context["panels"] == []


def test_timeline_reads_on_by_key(visit, rep):
    deal = make_deal(rep)
    for number in range(30):
        moment = AT + timedelta(minutes=number + 1)
        text = f"Step {number}"
        plan_next_step(deal=deal, next_step=text, by=by(rep), at=moment)
    client = visit(rep)

    page = client.get(deal.get_absolute_url())
    rest = client.get(url("deal-timeline", deal), {"before": page.context["more"]}, headers=SWAP)

    assert len(page.context["entries"]) == 25
    assert len(rest.context["entries"]) == 6
    assert "entered this deal" in text_of(rest)


def test_notes_of_the_buyer_are_escaped(visit, rep):
    deal = make_deal(rep)
    body = "<script>alert(1)</script>"
    log_activity(deal=deal, kind="note", side="us", body=body, by=by(rep), at=AT)

    text = text_of(visit(rep).get(deal.get_absolute_url()))

    assert body not in text


def test_fields_that_the_company_added_are_edited_and_shown(visit, rep):
    FieldDefinition.objects.create(
        entity="deal",
        key="region",
        kind="choice",
        label="Sales region",
        options=[{"key": "emea", "label": "Europe"}],
    )
    deal = make_deal(rep)
    client = visit(rep)

    client.post(url("deal-edit", deal), edited(client, deal, **{"custom.region": "emea"}))

    assert fresh(deal).custom == {"region": "emea"}
    text = text_of(client.get(deal.get_absolute_url()))
    assert "Sales region" in text
    assert "Europe" in text
