"""The catalogue as a ladder: our standard, fallbacks, anything else, prohibited."""

from __future__ import annotations

import pytest
from django.urls import reverse

from dealdesk.coverage import cover_of_quote
from dealdesk.ladder import Ladder, Rung, Wording, wording_of
from dealdesk.models import ExceptionRecord, NonStandardTerm, PaperCheck, PolicyCase, TermRung
from dealdesk.operations import change_term
from dealdesk.operations.ladder import add_rung, change_rung, retire_rung
from dealdesk.operations.requests import preview_quote
from revops.ledger.models import Entry
from revops.refusals import Conflict, NotAllowed, Refused
from tests.factories.dealdesk import AT, by, line, make_quote, submit, term

GOLD = "The service is available 99.9 % of each month."
LADDER = Ladder(
    standard_text="Our words.",
    standard_value="99.5 %",
    wordings=(
        Wording(Rung.FALLBACK, "Gold", GOLD, "99.9 %"),
        Wording(Rung.PROHIBITED, "Always", "It never fails."),
    ),
)


@pytest.mark.parametrize(
    ("text", "value", "rung"),
    [
        ("Our  words.\r\n", "", Rung.STANDARD),
        ("Our words.", "99.5 %", Rung.STANDARD),
        ("Our words.", "99.6 %", Rung.FREE),
        (GOLD, "99.9 %", Rung.FALLBACK),
        (GOLD, "99.99 %", Rung.FREE),
        (GOLD.upper(), "99.9 %", Rung.FREE),
        (GOLD + " Always.", "99.9 %", Rung.FREE),
        ("It never\u200b fails.", "whatever", Rung.PROHIBITED),
        ("", "", Rung.FREE),
    ],
)
def test_the_exact_text_decides_the_rung(text, value, rung):
    assert wording_of(LADDER, text, value).rung is rung


def test_a_closed_ladder_prohibits_what_it_does_not_know():
    closed = Ladder("Our words.", wordings=LADDER.wordings, closed=True)

    assert wording_of(closed, "Theirs.").rung is Rung.PROHIBITED
    assert wording_of(closed, GOLD, "99.9 %").rung is Rung.FALLBACK


def gold(**facts):
    return {"kind": "fallback", "name": "Gold", "value": "99.9 %", "text": GOLD, **facts}


@pytest.fixture
def sla(db):
    return NonStandardTerm.objects.get(key="custom-sla")


def asked(rep, text, value="99.9 %"):
    quote = make_quote(rep, lines=[line()], terms=[term("custom-sla", value, text)])
    return preview_quote(quote=quote, by=by(rep), at=AT)


def test_a_fallback_asks_nobody(rep, sla, revops):
    add_rung(term=sla, facts=gold(), by=by(revops), at=AT)

    assert asked(rep, GOLD).automatic
    assert asked(rep, GOLD + " Sometimes.").route.key == "deal_desk"


def test_a_fallback_asks_only_the_role_it_names(rep, sla, revops):
    add_rung(term=sla, facts=gold(roles=["legal"]), by=by(revops), at=AT)

    assert asked(rep, GOLD).route.key == "legal"


def test_a_prohibited_wording_nobody_can_approve(rep, sla, revops):
    add_rung(term=sla, facts=gold(kind="prohibited"), by=by(revops), at=AT)
    quote = make_quote(rep, lines=[line()], terms=[term("custom-sla", "99.9 %", GOLD)])

    with pytest.raises(Refused, match="nobody can approve it") as refused:
        submit(quote)

    assert refused.value.code == "prohibited_term"


def test_a_closed_term_takes_only_its_fallbacks(rep, sla, revops):
    change_term(term=sla, changes={"other_wording": "prohibited"}, by=by(revops), at=AT)
    add_rung(term=sla, facts=gold(), by=by(revops), at=AT)

    assert asked(rep, GOLD).automatic
    assert asked(rep, "Their own.").problems[0].code == "prohibited_term"


def test_a_catalogue_that_changes_later_changes_nothing_approved(rep, sla, revops):
    rung = add_rung(term=sla, facts=gold(), by=by(revops), at=AT)
    quote = make_quote(rep, lines=[line()], terms=[term("custom-sla", "99.9 %", GOLD)])
    request = submit(quote)
    assert request.is_automatic

    retire_rung(rung=rung, by=by(revops), at=AT)

    quote.refresh_from_db()
    assert cover_of_quote(quote, AT).request == request


def test_a_wording_stands_on_a_ladder_once(sla, revops):
    add_rung(term=sla, facts=gold(), by=by(revops), at=AT)

    with pytest.raises(Conflict, match="very wording"):
        add_rung(term=sla, facts=gold(name="Silver", text=f" {GOLD} "), by=by(revops), at=AT)


def test_our_standard_wording_is_no_rung(sla, revops):
    facts = gold(text=sla.standard_wording, value=sla.standard_value)

    with pytest.raises(Refused, match="our standard"):
        add_rung(term=sla, facts=facts, by=by(revops), at=AT)


def test_each_change_of_a_ladder_is_in_the_ledger(sla, revops):
    rung = add_rung(term=sla, facts=gold(), by=by(revops), at=AT)
    change_rung(rung=rung, facts={"roles": ["legal"]}, version=1, by=by(revops), at=AT)
    retire_rung(rung=rung, by=by(revops), at=AT)

    verbs = Entry.objects.filter(verb__startswith="rung.").order_by("pk")
    assert list(verbs.values_list("verb", flat=True)) == [
        "rung.added",
        "rung.changed",
        "rung.retired",
    ]
    with pytest.raises(Conflict):
        change_rung(rung=rung, facts={"name": "x"}, version=1, by=by(revops), at=AT)


def test_only_revops_changes_the_ladder(sla, rep):
    with pytest.raises(NotAllowed):
        add_rung(term=sla, facts=gold(), by=by(rep), at=AT)


# Pages


def test_the_editor_offers_the_ladder_and_says_who_is_asked(client, rep, sla, revops):
    rung = add_rung(term=sla, facts=gold(roles=["legal"]), by=by(revops), at=AT)
    quote = make_quote(rep, lines=[line()], terms=[term("custom-sla", "", "Theirs.")])
    client.force_login(rep)
    page = client.get(reverse("dealdesk:quote-edit", args=[quote.pk])).content.decode()
    assert "Wordings we know" in page
    assert "Custom SLA is not a standard term: the deal desk." in page

    sheet = {
        "act": f"use-terms-0-{rung.pk}",
        "terms-0-term": str(sla.pk),
        "terms-0-value": "",
        "terms-0-text": "Theirs.",
        "header-kind": "new",
    }
    swapped = client.post(
        reverse("dealdesk:quote-preview", args=[quote.pk]), sheet, headers={"HX-Request": "true"}
    ).content.decode()

    assert f">{GOLD}</textarea>" in swapped.replace("\n", "")
    assert 'value="99.9 %"' in swapped


def test_revops_builds_a_ladder_on_the_pages(client, sla, revops):
    client.force_login(revops)
    client.post(reverse("dealdesk:rung-new", args=[sla.pk]), gold())
    rung = TermRung.objects.get()
    client.post(reverse("dealdesk:rung-edit", args=[rung.pk]), gold(kind="prohibited", version=1))
    page = client.get(reverse("dealdesk:term-edit", args=[sla.pk])).content.decode()
    assert "Nobody can approve" in page

    client.post(reverse("dealdesk:rung-retire", args=[rung.pk]))

    assert not TermRung.objects.standing().exists()


def test_revops_adds_and_retires_terms_on_the_pages(client, revops):
    client.force_login(revops)
    facts = {
        "name": "Escrow",
        "key": "escrow",
        "category": "legal",
        "value_type": "none",
        "owner_roles": ["legal"],
        "other_wording": "asked",
    }
    client.post(reverse("dealdesk:term-new"), facts)
    escrow = NonStandardTerm.objects.get(key="escrow")
    client.post(
        reverse("dealdesk:term-edit", args=[escrow.pk]), {**facts, "is_paper": "on", "version": 1}
    )
    client.post(reverse("dealdesk:term-retire", args=[escrow.pk]))

    escrow.refresh_from_db()
    assert escrow.is_paper
    assert escrow.retired_at
    client.post(reverse("dealdesk:term-restore", args=[escrow.pk]))
    escrow.refresh_from_db()
    assert escrow.retired_at is None


def test_revops_keeps_the_checklist_on_the_page(client, revops):
    client.force_login(revops)
    client.post(reverse("dealdesk:paper-check-new"), {"text": "Escrow is priced"})
    added = PaperCheck.objects.get(text="Escrow is priced")

    client.post(reverse("dealdesk:paper-check-retire", args=[added.pk]))

    assert not PaperCheck.objects.standing().filter(pk=added.pk).exists()


def test_revops_keeps_cases_on_the_pages(client, revops):
    client.force_login(revops)
    page = client.get(reverse("dealdesk:case-list")).content.decode()
    assert f"All {PolicyCase.objects.count()} come out as expected" in page
    listed = PolicyCase.objects.get(shipped_key="list")
    facts = {
        "name": "Our own",
        "discount_percent": "25,0 %",
        "annual_value": "1,000",
        "months": 12,
        "segment": "smb",
        "payment_days": 30,
        "billing": listed.billing_id,
        "published_percent": 0,
        "tier_earned": 0,
        "expected": "asked",
        "roles": ["vp_sales"],
    }

    client.post(reverse("dealdesk:case-new"), facts)

    case = PolicyCase.objects.get(name="Our own")
    assert case.discount_percent == 25
    edited = reverse("dealdesk:case-edit", args=[case.pk])
    assert client.get(edited).status_code == 200
    client.post(edited, {**facts, "roles": ["finance"], "version": 1})
    assert "Expected finance" in client.get(reverse("dealdesk:case-list")).content.decode()
    client.post(reverse("dealdesk:case-retire", args=[case.pk]))
    assert client.post(edited, {**facts, "roles": [], "version": 3}).status_code == 422
    client.post(reverse("dealdesk:case-restore", args=[case.pk]))
    assert PolicyCase.objects.standing().filter(pk=case.pk).exists()


def test_our_own_wording_is_no_exception(rep, sla):
    quote = make_quote(rep, lines=[line()], terms=[term("custom-sla", "", sla.standard_wording)])

    request = submit(quote)

    assert request.is_automatic
    assert not ExceptionRecord.objects.exists()
