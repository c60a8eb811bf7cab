import pytest

from pipeline import registry, stages
from pipeline.items import OWN_ITEMS
from tests.pipeline.visiting import now, visit  # noqa: F401  (fixtures of the page tests)


@pytest.fixture(autouse=True)
def pipeline_alone(monkeypatch):
    """Only what the pipeline itself asks and tells: other apps test what they add."""
    monkeypatch.setattr(registry, "_items", {kind.key: kind for kind in OWN_ITEMS})
    for name in ("_checks", "_effects", "_changed", "_visibility", "_kept"):
        monkeypatch.setattr(registry, name, [])
    tables = ("_panels", "_card_facts", "_extra_facts", "_locks", "_storytellers", "_home_panels")
    for name in (*tables, "_extra_facts_of_many", "_findings"):
        monkeypatch.setattr(registry, name, {})


@pytest.fixture(autouse=True)
def rules_read_anew(monkeypatch):
    """A version that a test rolled back leaves its number to the next test's."""
    monkeypatch.setattr(stages, "_processes", {})
