"""A mapping drawn on screen is the same mapping as text."""

import tomllib
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from revops.imports.kinds import kind_of
from revops.imports.mapping import parse_mapping
from revops.imports.profile import look_at
from revops.imports.sketch import FieldSketch, Sketch, StageSketch, guess, sketch_of
from revops.imports.toml import dump
from tests.imports.files import MAPPINGS

pytestmark = pytest.mark.django_db
MAVEN = Path(__file__).resolve().parents[2] / "docs/examples/maven"


def drawn(kind="accounts", **fields) -> Sketch:
    sketch = Sketch(kind_of(kind), "crm", {"delimiter": ";"})
    fields.setdefault("external_id", FieldSketch("Id"))
    fields.setdefault("name", FieldSketch("Name"))
    sketch.entities[kind.removesuffix("s")] = fields
    return sketch


@pytest.mark.parametrize(
    "name",
    [
        FieldSketch("Name"),
        FieldSketch(constant="Always"),
        FieldSketch("Name", "Unnamed"),
        FieldSketch(constant="{Name}: {City}"),
        FieldSketch("Name", "{City}"),
        FieldSketch("A “quoted” \\ = name\t", values={"a.b": 'c"d', "": "x", "ü": "ö"}),
    ],
)
def test_what_is_drawn_is_read_back(name):
    sketch = drawn(name=name, employees=FieldSketch("Staff", scale="1.5"))

    text = dump(sketch.body())

    body = tomllib.loads(text, parse_float=Decimal)
    assert body == sketch.body()
    again = sketch_of(body, kind_of("accounts"))
    assert again is not None
    assert again.body() == sketch.body()
    assert parse_mapping(text, kind_of("accounts")).source == "crm"


def test_stages_are_drawn_with_the_dates_that_count():
    sketch = Sketch(kind_of("deals"), "crm", stage_column="Phase")
    sketch.entities["deal"] = {
        "external_id": FieldSketch("Id"),
        "name": FieldSketch("Name"),
        "owner": FieldSketch("Owner", by="email"),
        "custom.region": FieldSketch("Region"),
    }
    sketch.stages = {
        "In talks": StageSketch("discovery", dates=["opened_on"]),
        "Won!": StageSketch("closed-won"),
    }

    body = tomllib.loads(dump(sketch.body()))

    assert body["stages"]["In talks"] == {"stage": "discovery", "dates": ["opened_on"]}
    assert body["deal"]["custom"] == {"region": {"column": "Region"}}
    assert body["deal"]["owner"] == {"column": "Owner", "by": "email"}


@pytest.mark.parametrize("kind", ["accounts", "contacts", "products", "deals"])
def test_simple_mappings_can_be_drawn(kind):
    body = tomllib.loads(MAPPINGS[kind])

    assert sketch_of(body, kind_of(kind)) is not None


@pytest.mark.parametrize("name", ["deals", "people"])
def test_a_mapping_that_says_more_is_not_drawn(name):
    body = tomllib.loads((MAVEN / f"{name}.toml").read_text())

    assert sketch_of(body, kind_of(name)) is None


def test_columns_are_guessed_by_their_names():
    data = (
        b"Opportunity ID;Opportunity Name;Account Name;Deal Owner;Amount;Stage;Close Date\n"
        b"1;Rollout;Acme;rita@x.example;1.234,50;Won;31.12.2026\n"
    )

    sketch = guess(kind_of("deals"), look_at(data))

    found = {key: each.column for key, each in sketch.entities["deal"].items() if each.column}
    assert found["external_id"] == "Opportunity ID"
    assert found["name"] == "Opportunity Name"
    assert found["owner"] == "Deal Owner"
    assert found["amount"] == "Amount"
    assert found["close_date"] == found["closed_on"] == "Close Date"
    assert sketch.entities["deal"]["owner"].by == "email"
    assert sketch.stage_column == "Stage"
    assert sketch.file == {
        "encoding": "utf-8",
        "delimiter": ";",
        "date_format": "%d.%m.%Y",
        "decimal_separator": ",",
    }


TEXTS = st.text(st.characters(blacklist_categories=["Cs"]), max_size=20)
VALUES = TEXTS | st.booleans() | st.integers(-(10**9), 10**9) | st.lists(TEXTS)


@given(st.dictionaries(TEXTS, VALUES), st.dictionaries(TEXTS, VALUES))
def test_any_text_survives_being_written(top, table):
    body = {**{f"k{key}": each for key, each in top.items()}, "table": table}

    assert tomllib.loads(dump(body)) == body
