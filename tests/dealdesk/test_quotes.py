from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from dealdesk.drafts import ConcessionDraft, LineDraft, YearDraft
from dealdesk.models import Quote, QuoteEdit
from dealdesk.operations import (
    clone_quote,
    create_quote,
    make_primary,
    revise_quote,
    save_quote,
    set_term_discount,
    set_volume_tier,
)
from pipeline.models import Deal, StageRollup
from pipeline.operations import change_deal
from revops.ledger.models import Entry
from revops.refusals import Conflict, NotAllowed, Refused
from tests.factories.dealdesk import (
    AT,
    HOUR,
    decide,
    line,
    make_product,
    make_quote,
    product_of,
    small_account,
    submit,
    term,
)
from tests.factories.people import by
from tests.factories.pipeline import make_deal

pytestmark = pytest.mark.django_db


def test_the_first_quote_is_primary_and_gives_the_deal_its_amount(rep):
    quote = make_quote(rep, 25)

    deal = Deal.objects.get(pk=quote.deal_id)
    assert quote.is_primary
    assert (quote.standard_amount, quote.net_amount) == (Decimal("10000.00"), Decimal("7500.00"))
    assert deal.amount == Decimal("7500.00")
    assert StageRollup.objects.get(owner=rep, count=1).amount == Decimal("7500.00")


def test_an_empty_quote_leaves_the_amount_alone(rep):
    quote = make_quote(rep, lines=[])

    assert Deal.objects.get(pk=quote.deal_id).amount == Decimal(10_000)


def test_the_amount_of_a_deal_with_a_quote_is_not_typed(rep):
    quote = make_quote(rep, 25)

    with pytest.raises(Refused, match="net of quote"):
        change_deal(deal=quote.deal, changes={"amount": Decimal(1)}, by=by(rep), at=AT)


def test_what_was_typed_is_kept_exactly(rep):
    quote = make_quote(rep, "33.3333333333")

    assert quote.lines.get().typed_value == Decimal("33.3333333333")


def test_more_decimals_than_are_kept_are_refused(rep):
    with pytest.raises(Refused, match="nothing is rounded"):
        make_quote(rep, "33.33333333333")


def test_published_tier_and_term_discounts_are_earned(rep, revops):
    product, start = product_of(), date(2020, 1, 1)
    set_volume_tier(
        product=product,
        from_quantity=100,
        discount_percent=Decimal(10),
        valid_from=start,
        by=by(revops),
        at=AT,
    )
    set_term_discount(
        from_months=24, discount_percent=Decimal(5), valid_from=start, by=by(revops), at=AT
    )
    quote = make_quote(rep, term_months=24)

    # 2 × 10,000 × 0.9 × 0.95
    assert quote.standard_amount == Decimal("17100.00")
    assert quote.discount_percent == 0
    assert quote.list_amount == Decimal("20000.00")


def test_prices_are_those_of_the_day_of_the_quote(rep, revops):
    from dealdesk.operations import set_price

    product = product_of()
    set_price(
        product=product,
        currency="USD",
        amount=Decimal(200),
        period="year",
        valid_from=date(2027, 1, 1),
        by=by(revops),
        at=AT,
    )

    assert make_quote(rep).standard_amount == Decimal(10_000)
    later = make_quote(rep, priced_on=date(2027, 1, 1))
    assert later.standard_amount == Decimal(20_000)


def test_a_product_without_a_price_is_refused_by_name(rep):
    with pytest.raises(Refused, match="no price for Platform"):
        make_quote(rep, 5, currency="CHF")


def test_every_fault_is_named_at_once(rep):
    lines = [line(101), LineDraft(product=product_of(), quantity=Decimal(0))]

    with pytest.raises(Refused) as refused:
        make_quote(rep, lines=lines, term_months=0)

    assert {item.key for item in refused.value.missing} == {"term_months", "lines.1", "lines.2"}


def test_ramps_are_kept_year_by_year(rep):
    ramp = [YearDraft(Decimal(50)), YearDraft(Decimal(100), "percent", Decimal(20))]
    quote = make_quote(rep, lines=[line(years=ramp)], term_months=24)

    assert quote.standard_amount == Decimal("15000.00")
    assert quote.net_amount == Decimal("13000.00")


def test_free_months_count_as_discount(rep):
    quote = make_quote(
        rep, lines=[line(key="a")], concessions=[ConcessionDraft("free_months", months=3)]
    )

    assert quote.discount_percent == Decimal("20.0000")


def test_a_concession_without_its_value_is_refused(rep):
    with pytest.raises(Refused, match="Credit"):
        make_quote(rep, 5, concessions=[ConcessionDraft("credit", months=3)])


def test_a_saved_draft_notes_what_it_made_worse(rep, manager):
    quote = make_quote(rep, 10)
    key = quote.lines.get().key
    save_quote(quote=quote, lines=[line(12, key=key)], by=by(manager), at=AT)
    save_quote(quote=quote, lines=[line(11, key=key)], by=by(manager), at=AT)
    save_quote(quote=quote, lines=[line(11, key=key)], terms=[term()], by=by(manager), at=AT)

    worsened = [edit.worsened for edit in QuoteEdit.objects.order_by("pk")]
    assert worsened == [["commercial", "legal", "price"], ["price"], [], ["legal"]]


def test_a_stale_version_is_a_conflict(rep):
    quote = make_quote(rep, 10)
    save_quote(quote=quote, lines=[line(9)], version=1, by=by(rep), at=AT)

    with pytest.raises(Conflict):
        save_quote(quote=quote, lines=[line(8)], version=1, by=by(rep), at=AT)


def test_others_may_not_change_a_quote(rep, other_rep, desk, auditor):
    quote = make_quote(rep, 10)

    for person in (other_rep, desk, auditor):
        with pytest.raises(NotAllowed):
            save_quote(quote=quote, lines=[line(5)], by=by(person), at=AT)
        with pytest.raises(NotAllowed):
            create_quote(deal=quote.deal, by=by(person), at=AT)


def test_revising_keeps_lines_and_their_keys(rep, vp):
    quote = make_quote(rep, 25, terms=[term()])
    draft = revise_quote(quote=quote, by=by(rep), at=AT)

    assert (draft.revision, draft.based_on, draft.is_primary) == (2, quote, False)
    assert draft.lines.get().key == quote.lines.get().key
    assert draft.net_amount == quote.net_amount
    assert draft.terms.get().requested_value == "99.9 %"


def test_clone_carries_no_approvals(rep, vp):
    """Duplicate an approved quote: the copy must be approved by itself."""
    from dealdesk.coverage import cover_of
    from tests.factories.dealdesk import slot_of

    quote = make_quote(rep, 25)
    decide(submit(quote), vp)
    twin = clone_quote(quote=quote, by=by(rep), at=AT + 2 * HOUR)
    make_primary(quote=twin, by=by(rep), at=AT + 2 * HOUR)

    assert not cover_of(quote.deal, AT + 2 * HOUR).ok
    assert slot_of(submit(twin, at=AT + 3 * HOUR), vp).state == "requested"


def test_clone_into_another_deal(rep):
    quote = make_quote(rep, 25)
    deal = make_deal(rep, "Twin", account=small_account())
    twin = clone_quote(quote=quote, deal=deal, by=by(rep), at=AT)

    assert twin.deal == deal
    assert twin.is_primary
    assert twin.based_on is None


def test_the_primary_gives_the_deal_its_amount(rep):
    quote = make_quote(rep, 25)
    other = revise_quote(quote=quote, by=by(rep), at=AT)
    key = other.lines.get().key
    save_quote(quote=other, lines=[line(30, key=key)], by=by(rep), at=AT)
    make_primary(quote=other, by=by(rep), at=AT)

    assert Deal.objects.get(pk=quote.deal_id).amount == Decimal("7000.00")
    assert Entry.objects.filter(verb="quote.made_primary").count() == 1


def test_one_primary_a_deal_is_a_constraint(rep):
    quote = make_quote(rep, 25)
    other = revise_quote(quote=quote, by=by(rep), at=AT)

    with pytest.raises(IntegrityError), transaction.atomic():
        Quote.objects.filter(pk=other.pk).update(is_primary=True)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"quantity": 0}, "quantity_above_zero"),
        ({"typed": "percent", "typed_value": None}, "typed_value_exactly_when_typed"),
        ({"typed": "percent", "typed_value": 101}, "percent_at_most_100"),
    ],
)
def test_lines_are_held_by_constraints(rep, change, name):
    quote = make_quote(rep)

    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        quote.lines.update(**change)


def test_one_off_products_have_no_term(rep):
    setup = make_product("setup", "500", period="once", kind="one_off")
    quote = make_quote(rep, lines=[line(product=setup, quantity=1)], term_months=None)

    assert (quote.net_amount, quote.annual_amount) == (Decimal(500), Decimal(0))
