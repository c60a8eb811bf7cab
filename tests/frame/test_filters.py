from datetime import UTC, datetime
from decimal import Decimal

import pytest
import time_machine
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import timezone

NOW = datetime(2026, 11, 19, 15, 0, tzinfo=UTC)


def render(text, **context):
    return Template("{% load frame components %}" + text).render(Context(context))


def test_money_keeps_the_raw_value_on_hover():
    html = render("{{ x|money:'EUR' }}", x=Decimal("80000.005"))

    assert html == '<span class="num" title="80000.005 EUR">€80,000.01</span>'


@pytest.mark.parametrize(
    "expression", ["x|money:'EUR'", "x|percent", "x|when", "x|day", "x|person"]
)
def test_what_is_not_known_is_a_dash(expression):
    assert "–" in render("{{ " + expression + " }}", x=None)


def test_zero_is_known():
    assert "€0.00" in render("{{ x|money:'EUR' }}", x=0)


@time_machine.travel(NOW, tick=False)
def test_when_shows_the_readers_zone_and_the_exact_moment():
    with timezone.override("Europe/Madrid"):
        html = render("{{ x|when }}", x=NOW)

    assert html == (
        '<time datetime="2026-11-19T15:00:00+00:00"'
        ' title="Thu 19 Nov 2026, 16:00 (Europe/Madrid)">today 16:00</time>'
    )


def test_person_is_escaped():
    assert "<script" not in render("{{ x|person }}", x={"name": "<script>"})


@pytest.mark.parametrize(
    ("name", "expected"), [("Ana Ruiz", "AR"), ("Cher", "C"), ("", "?"), ("Kim (temp) Soto", "KS")]
)
def test_initials(name, expected):
    assert render("{{ x|initials }}", x={"name": name}) == expected


def test_icon_is_silent_without_a_label():
    assert 'aria-hidden="true"' in render("{% icon 'check' %}")
    assert 'aria-label="Done"' in render("{% icon 'check' 16 'Done' %}")


def test_url_with_replaces_and_removes():
    request = RequestFactory().get("/deals/", {"sort": "name", "after": "9", "q": "a b"})

    html = render("{% url_with sort='-amount' after=None as u %}{{ u|safe }}", request=request)

    assert html == "?sort=-amount&q=a+b"


def test_button_with_a_reason_cannot_submit_and_says_why():
    html = render("{% button 'Approve' name='x' reason='Only finance can decide this.' %}")

    assert 'type="button"' in html
    assert 'aria-disabled="true"' in html
    assert 'title="Only finance can decide this."' in html
    assert "name=" not in html


def test_button_turns_keywords_into_attributes():
    html = render("{% button 'Go' hx_post='/x/' value=x data_a=True data_b=None %}", x="<")

    assert ' hx-post="/x/"' in html
    assert ' value="&lt;"' in html
    assert " data-a>" in html
    assert "data-b" not in html


def test_block_component_keeps_its_body_and_escapes_its_title():
    html = render("{% card x %}<p>{{ x }}</p>{% endcard %}", x="<i>")

    assert "<p>&lt;i&gt;</p>" in html
    assert "<i>" not in html


@pytest.mark.parametrize(
    ("query", "href", "state"),
    [
        ("", "?sort=amount", ""),
        ("sort=amount", "?sort=-amount", "ascending"),
        ("sort=-amount&after=3&q=x", "?sort=amount&amp;q=x", "descending"),
    ],
)
def test_sort_head_turns_the_order_around_and_goes_to_the_first_page(query, href, state):
    request = RequestFactory().get(f"/deals/?{query}")

    html = render("{% sort_head 'amount' 'Amount' num=True %}", request=request)

    assert f'href="{href}"' in html
    assert (f'aria-sort="{state}"' in html) == bool(state)
