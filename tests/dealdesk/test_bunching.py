"""Discounts just under a threshold, deals that were split, and edits after a yes."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from dealdesk.bunching import Offer, bin_of, bins_of, excess_under, series, splits
from dealdesk.bunchingreads import last_submissions, late_edits
from dealdesk.inputs import policy_in_force
from dealdesk.models import JudgedFacts, QuoteEdit
from tests.factories.dealdesk import decide, line, make_quote, small_account, submit
from tests.factories.people import AT, make_person
from tests.factories.pipeline import make_account, make_deal

DAY = AT.date()
TEN = Decimal(10)


def test_an_edge_belongs_to_the_bin_above_it():
    edges = ["9.49", "9.5", "9.999999", "10", "10.49"]

    assert [bin_of(Decimal(edge)) for edge in edges] == [9, Decimal("9.5"), Decimal("9.5"), 10, 10]


def test_the_excess_is_what_stands_out_of_its_neighbourhood():
    bins = Counter({Decimal("9.5"): 12, Decimal(9): 6, Decimal(8): 4, Decimal(11): 4})

    found = excess_under(bins, TEN)

    assert (found.found, found.expected, found.n) == (18, 2, 26)
    assert (found.excess, found.strength) == (16, 16)
    assert found.is_marked


def test_a_smooth_spread_has_no_excess():
    bins = Counter({Decimal(number) / 2: 30 for number in range(80)})

    for threshold in (10, 20, 30):
        found = excess_under(bins, Decimal(threshold))
        assert found.excess == 0
        assert not found.is_marked


def test_few_quotes_are_never_marked():
    assert not excess_under(Counter({Decimal("9.5"): 19}), TEN).is_marked


def test_standard_price_is_no_discount():
    assert bins_of([Decimal(0), Decimal(-5), Decimal("0.4")]) == {Decimal(0): 1}
    assert series(Counter(), [TEN]) == []
    assert series(Counter({TEN: 1}), [TEN])[20] == (TEN, 1)


def offers(*rows):
    return [
        Offer(number, account, day, Decimal(value))
        for number, (account, day, value) in enumerate(rows)
    ]


def test_deals_that_cross_together_are_one_group():
    (found,) = splits(offers((1, 0, 9), (1, 90, 9), (1, 91, 5), (2, 0, 9)), Decimal(17))

    assert [offer.deal for offer in found.offers] == [0, 1]
    assert (found.total, found.crosses, found.just_below) == (18, True, False)


def test_deals_just_below_are_named_though_alone_each_is_small_enough():
    (found,) = splits(offers((1, 0, 8), (1, 200, 8), (1, 210, 8)), TEN)

    assert found.just_below
    assert found.crosses


def test_a_deal_above_the_threshold_was_not_split():
    assert splits(offers((1, 0, 18), (1, 1, 2)), Decimal(17)) == []
    assert splits(offers((1, 0, 2), (1, 1, 2)), Decimal(17)) == []


# What is read


@pytest.fixture
def approvers(manager, vp, desk):
    """Everybody whom the policy asks here."""


def read(user):
    return last_submissions(user, DAY, DAY, policy_in_force()[1])


@pytest.mark.django_db
def test_the_last_submission_of_a_deal_counts(rep, revops, approvers, vp):
    first = submit(make_quote(rep, 25))
    decide(first, vp, "rejected")
    submit(make_quote(rep, "9.75", deal=first.deal), at=AT + timedelta(hours=2))

    (found,) = read(revops)

    assert (found.percent, found.value) == (Decimal("9.75"), 9025)


@pytest.mark.django_db
def test_facts_that_were_never_frozen_are_read_all_the_same(rep, revops, approvers):
    submit(make_quote(rep, 25))
    JudgedFacts.objects.all().delete()

    assert [row.percent for row in read(revops)] == [25]
    assert not JudgedFacts.objects.exists()


@pytest.mark.django_db
def test_the_largest_basis_is_the_judged_discount(rep, revops, approvers):
    from tests.factories.dealdesk import make_product

    small = line(30, product=make_product("other"), quantity=50)
    submit(make_quote(rep, lines=[line(5), small]))

    assert [row.percent for row in read(revops)] == [30]


@pytest.mark.django_db
def test_an_edit_upward_soon_after_the_yes_is_found(rep, revops, approvers, vp):
    request = submit(make_quote(rep, 25))
    decide(request, vp)
    draft = make_quote(rep, 27, deal=request.deal)
    for hours, worsened in ((48, ["price"]), (3, ["price"]), (3, ["legal"]), (60, ["price"])):
        QuoteEdit.objects.create(
            quote=draft,
            edited_at=AT + timedelta(hours=1 + hours),
            edited_by=rep,
            worsened=worsened,
        )

    found = late_edits(revops, DAY, DAY)

    assert [each.hours for each in found] == [48, 3]


# The page


@pytest.mark.django_db
def test_the_report_names_teams_splits_and_edits(client, rep, revops, approvers, vp):
    account = make_account("Split", employees=100)
    for number in range(3):
        deal = make_deal(rep, f"Part {number}", account=account)
        submit(make_quote(rep, "9.75", deal=deal))
    client.force_login(revops)

    page = client.get(reverse("dealdesk:bunching-report"), {"since": str(DAY), "until": str(DAY)})

    assert page.context["n"] == 3
    excess = page.context["charts"][0]["excess"]
    assert (excess.threshold, excess.found, excess.n) == (10, 3, 3)
    (group,) = page.context["splits"]
    assert group["split"].crosses
    assert "Part 2" in page.content.decode()


@pytest.mark.django_db
def test_the_report_is_taken_along(client, rep, revops, approvers):
    submit(make_quote(rep, "9.75"))
    client.force_login(revops)
    days = {"since": str(DAY), "until": str(DAY)}

    for kind in ("csv", "xlsx"):
        address = reverse("dealdesk:bunching-export", args=[kind])
        body = b"".join(client.get(address, days).streaming_content)
        assert body
    assert client.get(reverse("dealdesk:bunching-export", args=["pdf"])).status_code == 404


@pytest.mark.django_db
def test_who_may_read_the_report(client, rep, manager, vp, auditor):
    address = reverse("dealdesk:bunching-report")
    for person, status in ((rep, 403), (manager, 403), (vp, 200), (auditor, 200)):
        client.force_login(person)
        assert client.get(address).status_code == status


@pytest.mark.django_db
def test_a_vp_counts_their_own_line_alone(rep, vp, manager, desk, revops):
    other = make_person("Other", roles=["rep"], manager=revops)
    submit(make_quote(rep, 5))
    submit(
        make_quote(
            other, 5, deal=make_deal(other, "Theirs", account=make_account("X", employees=9))
        )
    )

    assert len(read(vp)) == 1


@pytest.mark.django_db
def test_questions_do_not_grow_with_the_deals(
    client, rep, revops, approvers, django_assert_max_num_queries
):
    for number in range(4):
        submit(make_quote(rep, 9, deal=make_deal(rep, f"Deal {number}", account=small_account())))
    client.force_login(revops)

    with django_assert_max_num_queries(25):
        client.get(reverse("dealdesk:bunching-report"), {"since": str(DAY), "until": str(DAY)})
