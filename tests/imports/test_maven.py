"""The public Maven data, complete, against a plain reading of the same files."""

import csv
import os
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from django.db.models import Count, Sum

from dealdesk.defaults import ensure_dealdesk
from dealdesk.models import Price, Product, Quote, QuoteLine
from pipeline.models import Account, Deal, StageVisit
from pipeline.rollups import counted
from revops.imports.drafts import draft_file
from revops.imports.kinds import kind_of
from revops.imports.mapping import parse_mapping
from revops.ledger.models import Entry
from revops.people.models import Team, User
from tests.imports.files import AT, BY, LATER

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("MAVEN_DATA", ROOT.parent / "shared/data/maven_crm_sales"))
FILES = {
    "people": "sales_teams.csv",
    "accounts": "accounts.csv",
    "products": "products.csv",
    "deals": "sales_pipeline.csv",
}

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        not (DATA / "sales_pipeline.csv").exists(),
        reason="the Maven data are not here (MAVEN_DATA names their folder)",
    ),
]


def read(kind):
    with (DATA / FILES[kind]).open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def run(kind, at=AT):
    described = kind_of(kind)
    mapping = parse_mapping((ROOT / f"docs/examples/maven/{kind}.toml").read_text(), described)
    drafts = draft_file((DATA / FILES[kind]).read_bytes(), mapping)
    return described.run(drafts=drafts, by=BY, at=at)


@pytest.fixture
def imported():
    ensure_dealdesk(AT)
    for kind in FILES:
        assert run(kind).bad == []


def test_the_import_agrees_with_the_files(imported):
    people_agree(read("people"))
    accounts_agree(read("accounts"))
    products_agree(read("products"))
    deals_agree(read("deals"))
    quotes_agree(read("deals"), read("products"))


def people_agree(rows):
    agents = {row["sales_agent"] for row in rows}
    managers = {row["manager"] for row in rows}
    assert (len(agents), len(managers), Team.objects.count()) == (35, 6, 3)
    assert set(User.objects.holding("rep").values_list("name", flat=True)) == agents
    assert set(User.objects.holding("sales_manager").values_list("name", flat=True)) == managers
    assert {
        (user.name, user.manager.name, user.team.name)
        for user in User.objects.holding("rep").select_related("manager", "team")
    } == {(row["sales_agent"], row["manager"], row["regional_office"]) for row in rows}
    assert not User.objects.admitted().exists()


def accounts_agree(rows):
    accounts = {each.name: each for each in Account.objects.select_related("parent")}
    assert len(accounts) == len(rows) == 85
    assert "technolgy" not in {each.industry for each in accounts.values()}
    for row in rows:
        account = accounts[row["account"]]
        assert account.employees == int(row["employees"])
        assert account.revenue_amount == Decimal(row["revenue"]) * 1_000_000
        assert (account.parent.name if account.parent else "") == row["subsidiary_of"]


def products_agree(rows):
    assert Product.objects.count() == len(rows) == 7
    prices = Price.objects.filter(period="year").values_list("product__name", "amount")
    assert dict(prices) == {row["product"]: Decimal(row["sales_price"]) for row in rows}


STAGES = {
    "Prospecting": ("qualified", "open"),
    "Engaging": ("discovery", "open"),
    "Won": ("closed-won", "won"),
    "Lost": ("closed-lost", "lost"),
}


def deals_agree(rows):
    assert len(rows) == Deal.objects.count() == 8800
    stages = Deal.objects.values_list("stage__key", "status").annotate(Count("pk"))
    assert {row[:2]: row[2] for row in stages} == Counter(STAGES[row["deal_stage"]] for row in rows)
    assert Deal.objects.filter(account=None).count() == sum(not row["account"] for row in rows)
    deals = {each.external_id: each for each in Deal.objects.select_related("owner")}
    for row in rows:
        deal = deals[row["opportunity_id"]]
        assert str(deal.opened_on or "") == row["engage_date"]
        assert str(deal.closed_on or "") == row["close_date"]
        assert deal.owner.name == row["sales_agent"]
    assert StageVisit.objects.filter(move="import").count() == StageVisit.objects.count() == 8800
    assert sum(number for number, _ in counted().values()) == 8800


def quotes_agree(rows, products):
    won = [row for row in rows if row["deal_stage"] == "Won"]
    value = sum(Decimal(row["close_value"]) for row in won)
    quotes = Quote.objects.all()
    assert quotes.count() == len(won) == 4238
    assert quotes.aggregate(net=Sum("net_amount"))["net"] == value
    assert Deal.objects.filter(status="won").aggregate(net=Sum("amount"))["net"] == value

    per_agent = Counter()
    for row in won:
        per_agent[row["sales_agent"]] += Decimal(row["close_value"])
    found = quotes.values_list("deal__owner__name").annotate(Sum("net_amount"))
    assert dict(found) == per_agent

    price = {row["product"]: Decimal(row["sales_price"]) for row in products}
    expected = Counter()
    for row in won:
        product = "GTX Pro" if row["product"] == "GTXPro" else row["product"]
        expected[row["close_date"], product, price[product], Decimal(row["close_value"])] += 1
    lines = QuoteLine.objects.values_list(
        "quote__priced_on", "product__name", "quote__standard_amount", "quote__net_amount"
    )
    assert Counter((str(day), *facts) for day, *facts in lines) == expected


def test_second_run_changes_nothing_and_adds_no_entry(imported):
    entries = Entry.objects.count()

    outcomes = [run(kind, at=LATER) for kind in FILES]

    assert [outcome.as_json()["unchanged"] for outcome in outcomes] == [41, 85, 7, 8800]
    assert all(
        counts["created"] == counts["changed"] == 0
        for outcome in outcomes
        for counts in outcome.counts.values()
    )
    assert Entry.objects.count() == entries
