import re
from decimal import Decimal
from xml.etree import ElementTree

import pytest

from revops.charts import draw
from revops.charts.rates import RateMark, SpanMark, columns, grouped_bar, rates, spans

ROWS = [("Jun", 12), ("Jul", 0), ("Aug", 8)]
CHARTS = {
    "bar": lambda rows: draw.bar(rows, title="T"),
    "lying bar": lambda rows: draw.bar(rows, title="T", horizontal=True),
    "money": lambda rows: draw.bar(rows, title="T", unit="EUR"),
    "stacked": lambda rows: draw.stacked_bar(
        [(label, [value, 1]) for label, value in rows], series=["a", "b"], title="T"
    ),
    "line": lambda rows: draw.line(
        [(label, [value, None]) for label, value in rows], series=["a", "b"], title="T"
    ),
    "funnel": lambda rows: draw.funnel(rows, title="T"),
    "waterfall": lambda rows: draw.waterfall(rows, title="T"),
    "rates": lambda rows: rates(
        [RateMark(label, min(100, value), 1, 60, "n 12") for label, value in rows], title="T"
    ),
    "spans": lambda rows: spans(
        [SpanMark(label, value, value + 1, value + 4, 9) for label, value in rows], title="T"
    ),
    "grouped": lambda rows: grouped_bar(
        [(label, [value, 1]) for label, value in rows], series=["a", "b"], title="T"
    ),
    "columns": lambda rows: columns(rows, title="T"),
    "histogram": lambda rows: draw.histogram([value for _, value in rows], title="T"),
}


@pytest.fixture(params=CHARTS, ids=str)
def chart(request):
    return CHARTS[request.param]


def test_chart_is_well_formed_and_named(chart):
    figure = ElementTree.fromstring(chart(ROWS))

    svg = figure.find(".//svg")
    assert figure.find("figcaption").text == "T"
    assert svg.get("role") == "img"
    assert svg.find("title").text == "T"
    assert svg.find("desc").text
    assert figure.find(".//details//table") is not None


def test_chart_has_no_style_and_no_script(chart):
    assert not re.search(r"style|<script| on\w+=", chart(ROWS))


def test_chart_escapes_what_it_is_given():
    drawn = draw.bar([("<b>x</b>", 1)], title="<i>")

    assert "<b>" not in drawn
    assert "<i>" not in drawn


def test_chart_without_rows_says_so(chart):
    assert "Nothing to show yet" in chart([])


def test_chart_draws_nothing_outside_its_frame(chart):
    for rows in (ROWS, [("Only", 5)], [("Zero", 0)], [(str(at), at**3) for at in range(40)]):
        svg = ElementTree.fromstring(chart(rows)).find(".//svg")
        _, _, width, height = (float(edge) for edge in svg.get("viewBox").split())
        for rect in svg.iter("rect"):
            x, y = float(rect.get("x")), float(rect.get("y"))
            assert -1 <= x <= x + float(rect.get("width")) <= width + 1
            assert -1 <= y <= y + float(rect.get("height")) <= height + 1


def test_bar_heights_are_in_proportion():
    svg = ElementTree.fromstring(draw.bar([("a", 10), ("b", 20)], title="T")).find(".//svg")

    one, other = (float(rect.get("height")) for rect in svg.iter("rect"))
    assert other == pytest.approx(2 * one, abs=0.02)


def test_bar_says_its_exact_value_on_hover():
    drawn = draw.bar([("Jun", Decimal("80000.01"))], title="Won", unit="EUR")

    assert "<title>Jun: €80,000.01</title>" in drawn
    assert "€80k" in drawn


def test_line_leaves_a_gap_where_a_value_is_missing():
    rows = [("a", [1]), ("b", [None]), ("c", [2])]

    path = ElementTree.fromstring(draw.line(rows, series=["s"], title="T")).find(".//path")

    assert path.get("d").count("M") == 2


def test_waterfall_ends_where_its_total_stands():
    rows = [("List", 100, True), ("Asked", -25), ("Net", 75, True)]

    svg = ElementTree.fromstring(draw.waterfall(rows, title="T")).find(".//svg")

    listed, asked, net = svg.findall("rect")
    bottom = float(asked.get("y")) + float(asked.get("height"))
    assert bottom == pytest.approx(float(net.get("y")), abs=0.02)
    assert float(asked.get("y")) == pytest.approx(float(listed.get("y")), abs=0.02)


def test_funnel_says_what_came_through():
    drawn = draw.funnel([("Qualified", 200), ("Won", 50)], title="T")

    assert "25%" in drawn


def test_many_labels_are_thinned_out():
    rows = [(f"Week {at}", at) for at in range(52)]

    svg = ElementTree.fromstring(draw.bar(rows, title="T")).find(".//svg")

    assert sum("Week" in (text.text or "") for text in svg.iter("text")) < 20


def test_same_rows_draw_the_same_bytes(chart):
    assert chart(ROWS) == chart(ROWS)


def test_sparkline_says_its_values():
    svg = ElementTree.fromstring(draw.sparkline([4, 6, 5], "Requests"))

    assert svg.get("aria-label") == "Requests: 4, 6, 5"


def test_sparkline_of_nothing_is_nothing():
    assert draw.sparkline([], "Requests") == ""


def test_rate_without_a_denominator_has_no_bar():
    drawn = rates([RateMark("Web", None, note="n/a"), RateMark("Fair", 25, 20, 31)], title="T")

    svg = ElementTree.fromstring(drawn).find(".//svg")
    assert len(svg.findall("rect")) == 1
    assert "n/a" in drawn


def test_rate_axis_goes_no_further_than_everything():
    drawn = rates([RateMark("Web", 100, 83, 100)], title="T")

    assert "120" not in drawn


def test_marks_that_open_something_stand_in_no_image():
    linked = ElementTree.fromstring(draw.bar([("a", 1)], title="T", hrefs=["/deals/"]))
    plain = ElementTree.fromstring(draw.bar([("a", 1)], title="T"))

    assert linked.find(".//svg").get("role") == "group"
    assert linked.find(".//a").get("href") == "/deals/"
    assert plain.find(".//svg").get("role") == "img"


def test_chart_beside_its_table_repeats_no_data():
    assert "<details" not in draw.bar([("a", 1)], title="T", data=False)


def test_fewer_labels_stand_below_a_chart_on_a_phone():
    rows = [(f"May {at:04}", 1) for at in range(2010, 2022)]

    svg = ElementTree.fromstring(draw.bar(rows, title="T")).find(".//svg")

    below = [text.get("class") for text in svg.iter("text") if "May" in (text.text or "")]
    assert 0 < below.count("chart-text") < len(below) < len(rows)
