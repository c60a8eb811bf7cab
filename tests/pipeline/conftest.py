import pytest

from pipeline import registry, stages
from pipeline.items import OWN_ITEMS


@pytest.fixture(autouse=True)
def pipeline_alone(monkeypatch):
    """Only what the pipeline itself asks and tells: other apps test what they add."""
    monkeypatch.setattr(registry, "_items", {kind.key: kind for kind in OWN_ITEMS})
    for name in ("_checks", "_effects", "_changed", "_visibility"):
        monkeypatch.setattr(registry, name, [])
    for name in ("_panels", "_card_facts", "_extra_facts", "_locks"):
        monkeypatch.setattr(registry, name, {})


@pytest.fixture(autouse=True)
def rules_read_anew(monkeypatch):
    """A version that a test rolled back leaves its number to the next test's."""
    monkeypatch.setattr(stages, "_processes", {})
