import pytest

from pipeline.defaults import ensure_defaults
from pipeline.junk import is_filled, is_junk, says_none
from pipeline.models import Choice, Move, Pipeline, PipelineVersion
from pipeline.searching import search_form
from pipeline.stages import Process, Rule, classify_move, process_of
from revops.refusals import Refused
from tests.factories.people import AT
from tests.factories.pipeline import new_business

KEYS = ("one", "two", "three", "won", "lost")
PROCESS = Process(
    pipeline_id=1,
    version_id=1,
    number=1,
    rules=tuple(
        Rule(position, key, key.title(), position, kind=key if key in ("won", "lost") else "open")
        for position, key in enumerate(KEYS)
    ),
)

OPEN_MOVES = (
    {
        ("one", "two"): Move.ADVANCE,
        ("one", "three"): Move.SKIP,
        ("two", "three"): Move.ADVANCE,
        ("two", "one"): Move.SEND_BACK,
        ("three", "one"): Move.SEND_BACK,
        ("three", "two"): Move.SEND_BACK,
    }
    | {(key, "won"): Move.WIN for key in KEYS[:3]}
    | {(key, "lost"): Move.LOSE for key in KEYS[:3]}
)


@pytest.mark.parametrize("from_key", KEYS[:3])
@pytest.mark.parametrize("to_key", KEYS)
def test_every_move_of_an_open_deal_has_one_name(from_key, to_key):
    if from_key == to_key:
        with pytest.raises(Refused, match="already in"):
            classify_move(PROCESS, from_key, to_key, "open")
    else:
        expected = OPEN_MOVES[from_key, to_key]
        assert classify_move(PROCESS, from_key, to_key, "open") == expected


@pytest.mark.parametrize("status", ["won", "lost"])
@pytest.mark.parametrize("to_key", KEYS)
def test_a_closed_deal_is_reopened_or_stays(status, to_key):
    if to_key in ("won", "lost"):
        with pytest.raises(Refused, match="Reopen it first"):
            classify_move(PROCESS, status, to_key, status)
    else:
        assert classify_move(PROCESS, status, to_key, status) == Move.REOPEN


def test_a_stage_of_another_pipeline_is_refused():
    with pytest.raises(Refused, match="no stage"):
        classify_move(PROCESS, "one", "elsewhere", "open")


def test_the_shipped_pipeline_has_seven_stages_with_what_they_ask(db):
    process = process_of(new_business())

    asked = {rule.key: [item.key for item in rule.items] for rule in process.rules}
    assert asked == {
        "qualified": ["contact_info", "company", "source", "fit_score"],
        "discovery": ["pain_points", "current_solution", "timeline"],
        "demo": ["technical_requirements", "decision_makers"],
        "proposal": ["pricing", "terms", "stakeholder_map"],
        "negotiation": ["redlines", "approval_chain", "close_date"],
        "closed-won": ["signed_contract", "payment_terms"],
        "closed-lost": ["loss_reason", "competitor"],
    }
    none_allowed = {item.key for rule in process.rules for item in rule.items if item.none_allowed}
    assert none_allowed == {"technical_requirements", "redlines", "competitor"}


def test_shipped_data_is_put_there_once(db):
    before = (Pipeline.objects.count(), PipelineVersion.objects.count(), Choice.objects.count())

    ensure_defaults(AT)

    assert before == (
        Pipeline.objects.count(),
        PipelineVersion.objects.count(),
        Choice.objects.count(),
    )


@pytest.mark.parametrize(
    "text", ["", "  ", "-", "--", "n/a", "N.A.", "na", "TBD", "t.b.d.", "none", "?", "xx", "000"]
)
def test_junk(text):
    assert is_junk(text)


@pytest.mark.parametrize("text", ["SAP", "No budget until May", "3 weeks", "Ja", "Notes on SSO"])
def test_no_junk(text):
    assert not is_junk(text)


def test_numbers_and_days_are_filled_and_nothing_is_not():
    assert is_filled(0)
    assert is_filled(AT.date())
    assert not is_filled(None)
    assert not is_filled("tbd")


def test_none_in_words():
    assert says_none(" None. ")
    assert not says_none("None of their systems has an interface")


def test_names_are_searched_without_case_and_accents():
    assert search_form("  Café  MÜLLER ", "Straße") == "cafe muller strasse"
