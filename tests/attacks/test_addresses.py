"""What addresses ask of the pages of numbers: days that no calendar has, marks of no page."""

from __future__ import annotations

from itertools import product

import pytest
from django.test import Client

from tests.factories.pipeline import make_deal

pytestmark = pytest.mark.django_db

PAGES = [
    "/reports/trend/",
    "/reports/win-rates/",
    "/reports/losses/",
    "/reports/cycle/",
    "/reports/funnel/",
    "/reports/time-in-stage/",
    "/reports/velocity/",
    "/reports/slippage/",
    "/reports/aging/",
    "/reports/pushes/",
    "/reports/bypasses/",
    "/reports/bypasses/export/csv/",
    "/forecast/",
    "/forecast/change/",
    "/forecast/change/starting/",
    "/forecast/change/new/",
    "/forecast/trend/",
    "/forecast/delays/",
    "/forecast/quotas/",
    "/hygiene/",
    "/hygiene/deals/",
    "/deals/",
    "/deals/board/",
    "/deals/export/csv/",
    "/alerts/",
    "/exceptions/",
    "/api/v1/findings/",
    "/api/v1/reports/pipeline/",
]
DAYS = [
    ("0001-01-01", "0005-12-31"),
    ("9990-01-01", "9999-12-31"),
    ("0001-01-01", "9999-12-31"),
    ("2026-02-30", "x"),
    ("²²²²-01-01", "٢٠٢٦-٠١-٠١"),
    ("2026-01-01", ""),
    ("\x00", "\x00"),
]
ODD = ["٣", "-1", "9" * 20, "x' OR 1=1", "\x00", "9" * 5000]
NAMES = [
    "owner",
    "team",
    "person",
    "pipeline",
    "period",
    "closes",
    "after",
    "year",
    "open",
    "by",
    "for",
    "kind",
    "format",
    "status",
    "page",
    "sort",
    "stage",
    "severity",
    "q",
]


@pytest.fixture(params=["rep", "revops"])
def visitor(request, rep):
    client = Client(raise_request_exception=False)
    make_deal(rep)
    client.force_login(request.getfixturevalue(request.param))
    return client


def broken(visitor, asked, pages=PAGES):
    """What a page could not bear of these questions."""
    return [
        (page, {name: value[:20] for name, value in question.items()})
        for page, question in product(pages, asked)
        if visitor.get(page, question).status_code >= 500
    ]


def test_no_days_break_a_page(visitor):
    assert broken(visitor, [{"from": since, "to": until} for since, until in DAYS]) == []


def test_no_odd_number_breaks_a_page(visitor, looked_up):
    found = broken(visitor, [dict.fromkeys(NAMES, value) for value in ODD])
    for page in PAGES:
        looked_up.clear()
        visitor.get(page, {"nobodys": "name"})
        # Each name by itself where the page asks for it; the others are nothing to it.
        asked = NAMES if page.startswith("/api/") else sorted(looked_up & set(NAMES))
        found += broken(visitor, [{name: "²²²²"} for name in asked], [page])
    assert found == []
