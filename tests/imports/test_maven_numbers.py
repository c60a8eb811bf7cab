"""What pipeline_report says of the Maven deals, against the CSV files and nothing else."""

import csv
import json
from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal
from fractions import Fraction
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from dealdesk.defaults import ensure_dealdesk
from pipeline import tallies
from revops.company.models import Company
from tests.imports.test_maven import DATA, FILES, pytestmark, run  # noqa: F401  (a mark)

FIRST, LAST = date(2016, 1, 1), date(2017, 12, 31)


def rows_of(name):
    with (DATA / name).open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def closed():
    """Every closed deal as the files tell it, with the office of its agent."""
    offices = {row["sales_agent"]: row["regional_office"] for row in rows_of(FILES["people"])}
    deals = [row for row in rows_of(FILES["deals"]) if row["deal_stage"] in ("Won", "Lost")]
    for deal in deals:
        deal["office"] = offices[deal["sales_agent"]]
        deal["product"] = {"GTXPro": "GTX Pro"}.get(deal["product"], deal["product"])
    return deals


@pytest.fixture
def imported(monkeypatch):
    Company.objects.update(currency="USD")
    ensure_dealdesk(timezone.now())
    for kind in FILES:
        assert run(kind, timezone.now()).bad == []


def report(by, since=FIRST, until=LAST):
    out = StringIO()
    call_command(
        "pipeline_report",
        "--pipeline=new-business",
        f"--from={since}",
        f"--to={until}",
        f"--by={by}",
        "--json",
        stdout=out,
    )
    return json.loads(out.getvalue())


def expected(deals):
    """Win rate, won value and cycle, with nothing but a list of rows."""
    outcome = Counter(deal["deal_stage"] for deal in deals)
    won = [deal for deal in deals if deal["deal_stage"] == "Won"]
    days = sorted(
        (date.fromisoformat(deal["close_date"]) - date.fromisoformat(deal["engage_date"])).days
        for deal in won
    )
    middle = days[(len(days) - 1) // 2], days[len(days) // 2]
    return {
        "win_rate": (outcome["Won"], outcome["Lost"], outcome["Won"] / len(deals)),
        "won_value": f"{sum(Decimal(deal['close_value']) for deal in won):.2f}",
        "cycle_days": (float(Fraction(sum(days), len(days))), sum(middle) / 2),
    }


def said(figures):
    rate, cycle = figures["win_rate"], figures["cycle_days"]
    return {
        "win_rate": (rate["won"], rate["lost"], rate["rate"]),
        "won_value": figures["won_value"],
        "cycle_days": (cycle["mean"], cycle["median"]),
    }


def grouped(deals, column):
    found = defaultdict(list)
    for deal in deals:
        found[deal[column]].append(deal)
    return {name: expected(group) for name, group in found.items()}


def test_the_report_says_what_the_files_say(imported, closed):
    agree(closed)
    while tallies.fold(at=timezone.now()):
        pass
    agree(closed)


def agree(closed):
    for by, column in (("owner", "sales_agent"), ("team", "office"), ("product", "product")):
        answer = report(by)
        assert said(answer) == expected(closed)
        groups = {
            name: said(each)
            for name, each in answer["by"].items()
            if each["win_rate"]["won"] + each["win_rate"]["lost"]
        }
        assert groups == grouped(closed, column)
    months_agree(closed)


def months_agree(closed):
    by_month = defaultdict(Decimal)
    for deal in closed:
        if deal["deal_stage"] == "Won":
            by_month[deal["close_date"][:7]] += Decimal(deal["close_value"])
    trend = report("owner")["trend"]["rows"]
    told = {row["month"][:7]: Decimal(row["won_value"]["amount"]) for row in trend}
    assert {month: value for month, value in told.items() if value} == by_month


def test_deals_of_no_day_are_counted_apart(imported):
    unknown = [row for row in rows_of(FILES["deals"]) if not row["engage_date"]]

    assert report("owner")["unknown_opened"] == len(unknown)
