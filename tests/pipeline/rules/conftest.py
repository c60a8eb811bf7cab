import pytest

from pipeline import registry
from pipeline.operations.rules import start_draft
from pipeline.registry import ItemKind
from tests.factories.people import AT, by
from tests.factories.pipeline import new_business


@pytest.fixture(autouse=True)
def items_of_others(pipeline_alone):
    """What the shipped stages ask of the deal desk: known, and always there."""
    for key in ("pricing", "terms", "approval_chain", "payment_terms"):
        registry.register_item(ItemKind(key, key.title(), lambda deal, facts: True, "Add it."))


@pytest.fixture
def pipeline():
    return new_business()


@pytest.fixture
def act(revops):
    return {"by": by(revops), "at": AT}


@pytest.fixture
def draft(pipeline, act):
    return start_draft(pipeline=pipeline, **act)
