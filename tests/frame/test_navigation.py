import pytest

from revops.frame import navigation
from revops.frame.navigation import Registry, places, register_item, register_search, search


@pytest.fixture(autouse=True)
def empty_registry(monkeypatch):
    monkeypatch.setattr(navigation, "registry", Registry())


def test_rail_is_in_order_and_without_what_one_may_not_use():
    register_item("b", "Second", "x", "frame:notification-list", 20)
    register_item("a", "First", "x", "frame:search", 10, count=lambda user: 3)
    register_item("c", "Hidden", "x", "frame:search", 5, visible=lambda user: False)

    found = places("rita", "/search/")

    assert [(place.key, place.count) for place in found] == [("a", 3), ("b", 0)]


def test_a_page_that_does_not_exist_is_not_in_the_rail():
    register_item("a", "Later", "x", "reports:none", 10)

    assert places("rita", "/") == []


def test_the_longest_address_is_the_current_one():
    register_item("a", "People", "x", "frame:notification-list", 10)
    register_item("b", "Read", "x", "frame:notification-read-all", 20)

    found = places("rita", "/notifications/read/")

    assert [place.key for place in found if place.current] == ["b"]


def test_search_leaves_out_kinds_without_a_hit():
    register_search("deals", "Deals", lambda user, query, limit: [(query, user, "/x/")][:limit])
    register_search("quotes", "Quotes", lambda user, query, limit: [])

    found = search("rita", "acme", 5)

    assert [(kind.label, kind.hits) for kind in found] == [("Deals", [("acme", "rita", "/x/")])]


def test_further_pages_belong_to_the_entry_they_stand_under():
    register_item("a", "Mail", "x", "frame:notification-read-all", 10, under="/notifications/")

    assert [place.current for place in places("rita", "/notifications/7/open/")] == [True]
