"""The pages of reports: they show what the functions answer, to whom it is due, and as files."""

import csv
import io
import re
from datetime import date, timedelta
from decimal import Decimal
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from pipeline.models import Deal
from pipeline.operations import bulk_move_deals, push_close_date
from pipeline.reports import results
from pipeline.reports.scope import Scope
from pipeline.views.reports.catalogue import REPORTS
from tests.factories.people import AT, SYSTEM
from tests.factories.pipeline import complete, make_deal, make_pipeline, new_business, stage
from tests.pipeline.visiting import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("now")]

KEYS = [report.key for report in REPORTS]
YEAR = {"from": "2026-01-01", "to": "2026-12-31"}


def address(key, **query):
    return reverse(f"pipeline:report-{key}", query=query)


def close(deal, how="won"):
    """End a deal the day after the factories' moment."""
    complete(deal)
    answers = {"loss_reason": "price", "competitor": {"none": True}}
    moved = bulk_move_deals(
        deals=[deal],
        to=stage(f"closed-{how}"),
        reason="So it went",
        evidence={deal.pk: answers} if how == "lost" else None,
        by=SYSTEM,
        at=AT + timedelta(hours=3),
    )
    assert [each.refusal for each in moved] == [None]
    return deal


@pytest.fixture
def deals(rep, other_rep):
    """Rita won one and lost one, Ron lost two, and each has one that is open."""
    for at, (owner, how) in enumerate(
        [(rep, "won"), (rep, "lost"), (other_rep, "lost"), (other_rep, "lost")]
    ):
        deal = make_deal(owner, f"Deal {at}", stage="negotiation", amount=Decimal(1000 * (at + 1)))
        close(deal, how)
    return [make_deal(rep, "Open of Rita"), make_deal(other_rep, "Open of Ron")]


def text_of(answer):
    words = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return re.sub(r"\s+", " ", unescape(words))


def table_of(client, key, **query):
    answer = client.get(address(key, format="csv", **query))
    return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))


# What a page says


@pytest.mark.parametrize("who", ["rep", "manager", "vp", "revops", "auditor", "finance"])
def test_every_report_answers_whoever_it_is_for(who, deals, visit, request):
    client = visit(request.getfixturevalue(who))

    answers = {key: client.get(address(key, **YEAR)) for key in KEYS}

    assert {key: answer.status_code for key, answer in answers.items()} == dict.fromkeys(KEYS, 200)


@pytest.mark.parametrize("key", KEYS)
def test_a_report_with_nothing_to_count_says_what_would_fill_it(key, revops, visit):
    client = visit(revops)
    said = text_of(client.get(address(key, **YEAR)))

    assert "Nothing to count yet" in said
    assert "Enter or import deals" in said or "try a longer period" in said
    assert list(table_of(client, key, **YEAR)[0]) == ["Note"]


def test_page_shows_what_the_function_answers(deals, revops, visit):
    scope = Scope(new_business(), date(2026, 1, 1), date(2026, 12, 31), NOW, reader=revops)
    found = results.win_rates(scope, "owner")

    rows = table_of(visit(revops), "win-rates", by="owner", **YEAR)

    shown = [(row["Owner"], int(row["Won"]), int(row["Lost"])) for row in rows]
    every = [*found.rows, found.total]
    assert shown == [(row.of.name, row.won, row.lost) for row in every]
    assert [row["Win rate (in period)"] for row in rows] == [
        repr(float(row.rate.value)) if row.rate.value is not None else "" for row in every
    ]
    assert [Decimal(row["Won value, USD"]) for row in rows] == [
        round(row.won_value.amount, 2) for row in every
    ]


def test_a_rate_of_few_deals_is_not_shown_but_its_number_is(deals, revops, visit):
    said = text_of(visit(revops).get(address("win-rates", **YEAR)))

    assert "not enough data" in said
    assert "n\xa04" in visit(revops).get(address("win-rates", **YEAR)).content.decode()
    assert "25 %" not in said


def test_a_rate_of_nothing_is_not_nought(rep, revops, visit):
    make_deal(rep)

    said = text_of(visit(revops).get(address("win-rates", **YEAR)))

    assert "n/a" in said
    assert "Infinity" not in said


def test_every_figure_says_what_it_is_based_on(deals, revops, visit):
    said = text_of(visit(revops).get(address("win-rates", **YEAR)))

    assert "Win rate · In period" in said.replace(" ·", " ·") or "Win rate In period" in said
    assert "Cohort" in said
    assert "immature, 2 still open" in said


def test_the_formula_is_there_to_be_asked(deals, revops, visit):
    said = text_of(visit(revops).get(address("win-rates", **YEAR)))

    assert "How it is counted" in said
    assert "Deals won in the period ÷ deals won or lost in the period" in said


def test_a_currency_without_a_rate_is_named_and_in_no_sum(rep, revops, visit):
    close(make_deal(rep, "Yen", stage="negotiation", amount=Decimal(5000), currency="JPY"))

    said = text_of(visit(revops).get(address("win-rates", **YEAR)))

    assert "Without a rate, and therefore in no sum: ¥5,000" in said


# The question


def test_the_title_says_the_period(deals, revops, visit):
    client = visit(revops)

    assert (
        "<title>Win rates · 2026 · Reports"
        in client.get(address("win-rates", **YEAR)).content.decode()
    )
    assert "Q4 2026" in text_of(client.get(address("velocity")))


def test_the_link_reproduces_the_page(deals, revops, visit):
    client = visit(revops)
    first = client.get(address("win-rates", period="this-year", by="owner"))

    link = re.search(r'href="(\?[^"]+)">Link to exactly this', first.content.decode())[1]
    again = client.get(reverse("pipeline:report-win-rates") + unescape(link))

    assert "from=2026-01-01&amp;to=2026-12-31&amp;pipeline=new-business&amp;by=owner" in link
    assert "period=" not in link
    assert figures(again) == figures(first)


def figures(answer):
    return re.findall(r'<td class="num">.*?</td>', answer.content.decode())


def test_both_days_belong_to_the_period(deals, revops, visit):
    day = Deal.objects.filter(status="won").get().closed_on
    client = visit(revops)

    inside = table_of(client, "trend", **{"from": str(day), "to": str(day)})
    later = day + timedelta(days=1)
    outside = client.get(address("trend", **{"from": str(later), "to": str(later)}))

    assert inside[0]["Won"] == "1"
    assert "Nothing to count yet" in text_of(outside)


@pytest.mark.parametrize(
    "query",
    [
        {"from": "2026-12-31", "to": "2026-01-01"},
        {"from": "soon", "to": "2026-01-01"},
        {"from": "2026-01-01"},
        {"from": "1900-01-01", "to": "2200-01-01"},
    ],
)
def test_days_that_make_no_sense_are_refused_beside_the_field(query, deals, revops, visit):
    answer = visit(revops).get(address("trend", **query))

    assert answer.status_code == 422
    assert b"report-field" in answer.content
    assert b"<tbody" not in answer.content


@pytest.mark.parametrize("name", ["pipeline", "owner", "team"])
def test_what_is_not_there_cannot_be_asked(name, deals, revops, visit):
    assert visit(revops).get(address("trend", **{name: "999999"})).status_code == 404


def test_each_pipeline_is_reported_by_itself(deals, rep, revops, visit):
    other = make_pipeline()
    client = visit(revops)

    ours = client.get(address("trend", **YEAR))
    theirs = client.get(address("trend", pipeline=other.key, **YEAR))

    assert b'name="pipeline"' in ours.content
    assert "Renewal" in text_of(theirs)
    assert "Nothing to count yet" in text_of(theirs)


def test_refused_days_leave_a_way_on(deals, revops, visit):
    said = visit(revops).get(address("trend", **{"from": "2026-12-31", "to": "2026-01-01"}))

    assert b"The last day lies before the first." in said.content
    assert b'href="?period=this-quarter"' in said.content


# Whose numbers


def test_a_rep_counts_their_own_deals(deals, rep, visit):
    total = table_of(visit(rep), "win-rates", by="owner", **YEAR)[-1]

    assert (total["Won"], total["Lost"]) == ("1", "1")


def test_a_rep_cannot_ask_for_anothers_numbers(deals, rep, other_rep, manager, visit):
    for key in KEYS:
        for who in (other_rep, manager):
            assert visit(rep).get(address(key, owner=who.pk, **YEAR)).status_code == 404


def test_a_manager_counts_their_line_and_may_narrow_it(deals, manager, other_rep, visit):
    client = visit(manager)

    whole = table_of(client, "win-rates", by="owner", **YEAR)[-1]
    narrowed = table_of(client, "win-rates", by="owner", owner=other_rep.pk, **YEAR)[-1]

    assert (whole["Won"], whole["Lost"]) == ("1", "3")
    assert (narrowed["Won"], narrowed["Lost"]) == ("0", "2")


def test_whoever_neither_sells_nor_sees_deals_has_no_reports(deals, outsider, visit):
    client = visit(outsider)

    assert client.get(reverse("pipeline:report-index")).status_code == 403
    assert client.get(address("trend")).status_code == 403


# The deals behind a number


def links_of(answer):
    return [
        (unescape(href), int(number))
        for href, number in re.findall(
            r'<a href="(/deals/\?[^"]+)">(\d+)</a>', answer.content.decode()
        )
    ]


@pytest.mark.parametrize("who", ["rep", "manager", "revops"])
def test_a_number_opens_as_many_deals_as_it_counts(who, deals, visit, request):
    for at, deal in enumerate(deals):
        later = deal.close_date + timedelta(days=9 + at)
        push_close_date(
            deal=deal, to=later, reason_key="budget", note="The CFO is away", by=SYSTEM, at=AT
        )
    Deal.objects.filter(pk=deals[0].pk).update(entered_stage_at=AT - timedelta(days=99))
    client = visit(request.getfixturevalue(who))

    opened = {
        key: [
            (href, number, client.get(href).context["total"].count)
            for href, number in links_of(client.get(address(key, **YEAR)))
        ]
        for key in KEYS
    }

    assert [key for key, links in opened.items() if not links] == []
    assert [link for links in opened.values() for link in links if link[1] != link[2]] == []


# Files


def test_every_table_of_a_report_is_a_page_of_the_workbook(deals, revops, visit):
    client = visit(revops)
    for key in set(KEYS) - {"slippage"}:
        tables = client.get(address(key, **YEAR)).context["answer"].tables

        book = book_of(client, key)

        sheets = [(sheet.title, sheet.max_row) for sheet in book.worksheets]
        assert [rows for _, rows in sheets] == [1 + len(table.all_rows) for table in tables]


def book_of(client, key):
    answer = client.get(address(key, format="xlsx", **YEAR))
    return load_workbook(io.BytesIO(b"".join(answer.streaming_content)))


def test_a_file_says_a_rate_unrounded_with_its_interval(deals, revops, visit):
    total = table_of(visit(revops), "win-rates", **YEAR)[-1]

    assert total["Win rate (in period)"] == "0.25"
    assert float(total["Win rate (in period), from"]) < 0.25
    assert total["Win rate (in period), n"] == "4"


def test_a_long_table_shows_its_first_rows_and_a_way_to_all(deals, revops, visit, monkeypatch):
    monkeypatch.setattr("pipeline.views.rows.MOST_ROWS", 1)
    client, asked = visit(revops), {"by": "owner", **YEAR}

    first = client.get(address("win-rates", **asked))
    whole = client.get(address("win-rates", rows="all", **asked))

    assert [len(page.context["answer"].tables[0].rows) for page in (first, whole)] == [1, 2]
    assert "Show all 2" in text_of(first)
    assert "rows=all" in whole.context["question"].address()
    assert len(table_of(client, "win-rates", **asked)) == 3


def test_each_table_has_a_file_of_its_own(deals, revops, visit):
    rows = table_of(visit(revops), "losses", table="reasons", **YEAR)

    assert [(row["Reason"], row["Lost"]) for row in rows] == [("Price", "3")]


# The index


def test_the_index_lists_what_this_person_may_open(deals, revops, visit):
    said = text_of(visit(revops).get(reverse("pipeline:report-index")))

    for report in REPORTS:
        assert report.title in said
        assert report.sentence in said


# Speed


def test_reports_ask_the_same_number_of_questions_however_many_deals(deals, rep, revops, visit):
    client = visit(revops)
    few = questions(client)
    for at in range(6):
        close(make_deal(rep, f"More {at}", stage="negotiation"), ("won", "lost")[at % 2])
        make_deal(rep, f"Open more {at}")

    many = questions(client)

    assert {key: n for key, n in many.items() if n > few[key]} == {}
    assert max(few.values()) < 75


def questions(client):
    """How many queries each report takes, once what is remembered is known."""
    found = {}
    for key in KEYS:
        client.get(address(key, **YEAR))
        with CaptureQueriesContext(connection) as asked:
            client.get(address(key, **YEAR))
        found[key] = len(asked)
    return found
