"""What the rep could trade so that somebody is not asked, and typing it with one click."""

from dataclasses import replace
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from dealdesk.counterfactual import what_would_avoid
from dealdesk.presets import AS_IN_THE_SOURCES
from dealdesk.routing import evaluate
from dealdesk.trades import EditKind, below, trades
from tests.dealdesk.making import CUSTOM_SLA, NET_90, QUARTERLY, make_line, make_terms
from tests.factories.dealdesk import make_quote, payment, term

POLICY = AS_IN_THE_SOURCES


def offered(terms):
    route = evaluate(POLICY, terms)
    return trades(POLICY, terms, route, what_would_avoid(POLICY, terms, route))


def said(terms):
    return [trade.sentence for trade in offered(terms)]


@pytest.mark.parametrize(("edge", "half"), [("20", "19.5"), ("10", "9.5"), ("12.3", "12")])
def test_the_half_percent_below_an_edge(edge, half):
    assert below(Decimal(edge)) == Decimal(half)


def test_a_round_percentage_comes_first():
    first, second = said(make_terms(make_line(off=25)))[:2]

    assert first == "19.5 % instead of 25 %: the VP of sales is not asked."
    assert second == "9.5 % instead of 25 %: the VP of sales is not asked."


def test_several_lines_are_capped_together():
    lines = make_line(off=25), make_line(key="support", off=30)

    trade = offered(make_terms(*lines))[0]

    assert trade.sentence == "No line above 19.5 %: the VP of sales is not asked."
    assert [(e.kind, e.about, e.value) for e in trade.edits] == [
        (EditKind.PERCENT, "platform", Decimal("19.5")),
        (EditKind.PERCENT, "support", Decimal("19.5")),
    ]


def test_payment_billing_and_terms_are_trades():
    kinds = {
        edit.kind
        for terms in (
            make_terms(payment=NET_90),
            make_terms(billing=QUARTERLY),
            make_terms(nonstandard=[CUSTOM_SLA]),
            make_terms(months=24),
        )
        for trade in offered(terms)
        for edit in trade.edits
    }

    assert kinds >= {EditKind.PAYMENT, EditKind.BILLING, EditKind.DROP_TERM, EditKind.TERM}


def test_nothing_is_traded_where_nobody_is_asked():
    assert offered(make_terms(make_line(off=5))) == ()


def test_every_trade_leaves_somebody_out():
    """Typed as it says, the route is evaluated again and names fewer."""
    terms = make_terms(make_line(off=25), payment=NET_90, nonstandard=[CUSTOM_SLA])
    route = evaluate(POLICY, terms)

    for avoid in what_would_avoid(POLICY, terms, route):
        after = evaluate(POLICY, replace(avoid.after))
        assert route.roles - after.roles


# Typing one


@pytest.fixture
def editor(rep):
    client = Client()
    client.force_login(rep)
    return client


def take(client, quote, sentence_part):
    """Press the button beside a trade, and return the sheet that comes back."""
    page = client.get(reverse("dealdesk:quote-edit", args=[quote.pk]))
    trade = next(t for _, t in page.context["live"].trades if sentence_part in t.sentence)
    form = page.context["sheet"].raw.flat()
    address = reverse("dealdesk:quote-preview", args=[quote.pk])
    return client.post(
        address, {**form, "act": f"trade-{trade.key}"}, headers={"HX-Request": "true"}
    )


@pytest.mark.django_db
def test_one_click_types_a_percentage(rep, vp, editor):
    quote = make_quote(rep, 25)

    answer = take(editor, quote, "19.5 %")

    assert answer["HX-Retarget"] == "#quote-editor"
    assert answer.context["sheet"].raw.lines[0]["wish"] == "19.5"
    assert answer.context["live"].preview.route.key == "sales_manager"


@pytest.mark.django_db
def test_one_click_types_a_payment_and_leaves_a_term_out(rep, vp, desk, editor):
    quote = make_quote(rep, payment_terms=payment("net-60"))
    answer = take(editor, quote, "net 30")
    assert answer.context["live"].preview.automatic

    other = make_quote(rep, terms=[term()])
    answer = take(editor, other, "Without Custom SLA")
    assert answer.context["live"].preview.automatic


@pytest.mark.django_db
def test_a_trade_that_is_not_offered_types_nothing(rep, vp, editor):
    quote = make_quote(rep, 25)
    page = editor.get(reverse("dealdesk:quote-edit", args=[quote.pk]))
    address = reverse("dealdesk:quote-preview", args=[quote.pk])

    answer = editor.post(address, {**page.context["sheet"].raw.flat(), "act": "trade-000"})

    assert answer.context["sheet"].raw.lines[0]["wish"] == "25"
