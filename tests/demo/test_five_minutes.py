"""What a newcomer does in the first five minutes, by the operations that the pages call."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from dealdesk.coverage import cover_of, what_primary_gives_up
from dealdesk.demo import checklist
from dealdesk.demo.people import dev_people
from dealdesk.demo.prepared import FIRST, SOURCE, TWIN
from dealdesk.drafts import TermDraft, draft_of
from dealdesk.inputs import rows_of
from dealdesk.models import ApprovalSlot, NonStandardTerm, Quote
from dealdesk.operations import preview_draft, submit_quote
from dealdesk.operations.decisions import decide_approval
from dealdesk.operations.quotes import make_primary, save_quote
from pipeline.gates import gate_of
from pipeline.models import Deal, Move
from pipeline.operations import advance_deal, win_deal
from revops.people.actor import Actor, Via
from revops.people.models import User
from tests.demo.conftest import AT

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo")]

SOON = AT + timedelta(minutes=5)


def person(first: str) -> User:
    return User.objects.get(name__startswith=f"{first} ")


def prepared(which: str = FIRST) -> Deal:
    return Deal.objects.get(source=SOURCE, external_id=which)


def draft_at(quote: Quote, percent: str, *, with_sla: bool = False):
    draft = draft_of(rows_of(quote))
    [line] = draft.lines
    line = replace(line, typed="percent", typed_value=Decimal(percent))
    terms = []
    if with_sla:
        terms = [TermDraft(NonStandardTerm.objects.get(key="custom-sla"), "99.9 %", "99.9 %.")]
    return replace(draft, lines=[line], terms=terms)


def previewed(percent: str, **options):
    quote = Quote.objects.get(deal=prepared(), is_primary=True)
    by = Actor.of(person("Rita"))
    draft = draft_at(quote, percent, **options)
    return preview_draft(quote=quote, draft=draft, by=by, at=SOON)


def test_moving_the_prepared_deal_asks_for_exactly_two_items():
    deal = prepared()

    missing = gate_of(deal, Move.ADVANCE, SOON)

    assert deal.owner == person("Rita")
    assert deal.stage.key == "demo"
    assert [item.key for item in missing] == [
        "technical_requirements",
        "criterion:proposal_requested",
    ]


def test_the_quote_begins_within_the_reps_own_authority():
    assert previewed("0").automatic
    assert previewed("9.99").automatic


def test_25_brings_the_vp_with_the_reason():
    preview = previewed("25")

    assert preview.route.key == "vp_sales"
    [group] = [group for step in preview.steps for group in step.groups]
    assert [user.name for user in group.people] == ["Ana Ruiz"]
    assert any("25 %" in reason for reason in group.reasons)


def test_19_99_sends_the_vp_away():
    preview = previewed("19.99")

    assert preview.route.key == "sales_manager"
    [group] = [group for step in preview.steps for group in step.groups]
    assert [user.name for user in group.people] == ["Marc Lindner"]


def test_a_custom_sla_brings_the_deal_desk():
    preview = previewed("25", with_sla=True)

    assert preview.route.key == "deal_desk+vp_sales"


def test_the_twin_stands_on_approved_terms():
    state = cover_of(prepared(TWIN), SOON)

    assert state.ok
    assert state.request.route_key == "vp_sales"


def test_making_the_worse_price_primary_names_what_is_given_up():
    worse = Quote.objects.get(deal=prepared(TWIN), is_primary=False)

    given_up = what_primary_gives_up(worse, SOON)

    assert worse.based_on_id is not None
    assert "Ana's approval" in given_up[0]
    assert any("30 %" in sentence for sentence in given_up[1:])


def done(deal: Deal) -> list[str]:
    return [item.key for item in checklist.checklist(deal, prepared(TWIN), deal.owner) if item.done]


def test_the_checklist_ticks_itself_along_the_way():
    rita, deal = Actor.of(person("Rita")), prepared()
    assert done(deal) == []

    evidence = {"technical_requirements": "SSO and the ERP", "criterion:proposal_requested": True}
    deal = advance_deal(deal=deal, evidence=evidence, by=rita, at=SOON)
    assert done(deal) == ["moved"]

    quote = Quote.objects.get(deal=deal, is_primary=True)
    draft = draft_at(quote, "25", with_sla=True)
    quote = save_quote(
        quote=quote,
        header=dict(draft.header),
        lines=draft.lines,
        terms=draft.terms,
        by=rita,
        at=SOON,
    )
    request = submit_quote(
        quote=quote, why="They sign this month.", in_return=["reference"], by=rita, at=SOON
    )
    assert done(deal) == ["moved", "asked"]

    for first, via in (("Ana", Via.LINK), ("Kim", Via.WEB)):
        slot = ApprovalSlot.objects.get(step__request=request, person=person(first))
        by = Actor.of(person(first), via=via)
        decide_approval(
            slot=slot, verdict="approved", digest=request.snapshot.digest, by=by, at=SOON
        )
    assert done(deal) == ["moved", "asked", "mailed", "agreed"]

    answers = {item.key: "Contracts/2026/1" for item in gate_of(deal, Move.WIN, SOON)}
    answers |= {key: True for key in answers if key.startswith("criterion:")}
    answers["redlines"] = {"none": True}
    deal = win_deal(deal=deal, evidence=answers, by=rita, at=SOON)
    assert done(deal) == ["moved", "asked", "mailed", "agreed", "won"]

    checklist.report_opened(by=Actor.of(person("Noor")), at=SOON)
    checklist.report_opened(by=Actor.of(person("Noor")), at=SOON)
    worse = Quote.objects.get(deal=prepared(TWIN), is_primary=False)
    make_primary(quote=worse, by=rita, at=SOON)

    told = checklist.home_context(person("Rita"), SOON)
    assert told is not None
    assert told["done"] == len(told["items"])
    assert told["next"] is None


def test_home_shows_the_list_in_development_alone(client, settings):
    client.force_login(person("Rita"), backend="revops.signin.AdmittedBackend")

    assert "Your first five minutes" in client.get("/").content.decode()

    settings.DEV_TOOLS = False
    assert "Your first five minutes" not in client.get("/").content.decode()


def test_rita_is_the_card_to_start_with():
    cards = dev_people()

    assert cards[0].name == "Rita Santos"
    assert [card.name for card in cards if card.start_here] == ["Rita Santos"]
    assert {card.name for card in cards} >= {"Ana Ruiz", "Kim Tanaka", "Noor Haddad"}
