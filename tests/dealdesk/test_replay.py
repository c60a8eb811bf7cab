import json
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.management import call_command

from dealdesk.inputs import TermsReader, load_rows, policy_in_force, rows_of
from dealdesk.models import Quote
from dealdesk.replay import replay
from tests.factories.dealdesk import AT, line, make_product, make_quote, submit

pytestmark = pytest.mark.django_db


def replayed(capsys, *arguments):
    call_command("replay_policy", "--json", *arguments)
    return json.loads(capsys.readouterr().out)


def test_routes_are_counted_with_their_amounts(rep, capsys):
    make_quote(rep)
    make_quote(rep, 25)
    make_quote(rep, "33.333")
    make_quote(rep, 15, term_months=36)

    assert replayed(capsys) == {
        "quotes": 4,
        "routes": {
            "vp_sales": {"count": 2, "net": "14166.70"},
            "automatic": {"count": 1, "net": "10000.00"},
            "deal_desk+finance+legal+sales_manager": {"count": 1, "net": "25500.00"},
        },
        "errors": {},
    }


def test_errors_are_counted_by_name(rep, capsys):
    make_quote(rep, lines=[line(product=make_product("gift", "0"))])

    found = replayed(capsys)

    assert found["quotes"] == 1
    assert found["errors"]["zero_list_not_included"] == 1


def test_both_days_are_inclusive(rep, capsys):
    for day in (1, 2, 3):
        make_quote(rep, priced_on=date(2026, 6, day))

    assert replayed(capsys, "--since", "2026-06-01", "--until", "2026-06-02")["quotes"] == 2
    assert replayed(capsys, "--since", "2026-06-04")["quotes"] == 0


def test_another_preset_judges_otherwise(rep, capsys):
    make_quote(rep, lines=[line(quantity=300)])

    assert list(replayed(capsys)["routes"]) == ["deal_desk"]
    assert list(replayed(capsys, "--preset", "recommended")["routes"]) == ["automatic"]


def test_replay_says_what_submitting_says(rep, vp):
    quote = make_quote(rep, 25)
    _, policy = policy_in_force()

    (key,) = replay(policy).routes

    assert key == submit(quote).route_key


def test_replay_resolves_nobody_and_writes_nothing(rep, django_assert_max_num_queries):
    for number in range(5):
        make_quote(rep, number)
    _, policy = policy_in_force()

    with django_assert_max_num_queries(12):
        assert replay(policy).quotes == 5


def test_a_batch_is_read_like_each_alone(rep):
    for off in (5, 15, None):
        make_quote(rep, off)
    _, policy = policy_in_force()
    reader = TermsReader(policy)

    together = [reader.terms(rows) for rows in load_rows(list(Quote.objects.order_by("pk")))]

    alone = [reader.terms(rows_of(quote)) for quote in Quote.objects.order_by("pk")]
    assert together == alone


def test_rates_of_the_day_count(rep, revops):
    from dealdesk.operations import set_price
    from revops.company.operations import set_rate
    from tests.factories.dealdesk import product_of
    from tests.factories.people import by

    for day, rate in ((date(2026, 1, 1), "0.5"), (date(2026, 2, 1), "0.8")):
        set_rate(
            currency="EUR",
            per_company_unit=Decimal(rate),
            valid_from=day,
            by=by(revops),
            at=AT,
        )
    set_price(
        product=product_of(),
        currency="EUR",
        amount=Decimal(100),
        period="year",
        valid_from=date(2020, 1, 1),
        by=by(revops),
        at=AT,
    )
    make_quote(rep, currency="EUR", priced_on=date(2026, 1, 15))
    _, policy = policy_in_force()

    assert replay(policy).as_json()["routes"]["automatic"]["net"] == "20000.00"
    Quote.objects.update(priced_on=date(2026, 2, 1) + timedelta(days=60))
    assert replay(policy).errors == {"rate_missing": 1}


def test_more_quotes_than_a_database_takes_in_one_question(rep):
    deal = make_quote(rep, 5).deal
    first = deal.quotes.get()
    Quote.objects.bulk_create(
        Quote(
            deal=deal,
            revision=number,
            currency="USD",
            priced_on=first.priced_on,
            term_months=12,
            payment_terms=first.payment_terms,
            billing=first.billing,
            created_at=AT,
        )
        for number in range(2, 1203)
    )

    found = replay(policy_in_force()[1])

    assert found.quotes == 1202
    assert found.errors["zero_standard"] == 1201
