from dataclasses import replace
from decimal import Decimal

import pytest

from dealdesk.hardflags import hard_flags
from dealdesk.ladder import Rung
from dealdesk.policy import Floor, JudgedBasis
from dealdesk.presets import AS_IN_THE_SOURCES
from dealdesk.routing import evaluate
from tests.dealdesk.making import CUSTOM_SLA, make_line, make_terms

POLICY = AS_IN_THE_SOURCES


def flags(terms, policy=POLICY):
    return hard_flags(terms, policy, evaluate(policy, terms).trace)


def test_a_plain_discount_is_like_others():
    assert flags(make_terms(make_line(off=25))) == []


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        (make_terms(nonstandard=[CUSTOM_SLA]), "asks for Custom SLA"),
        (make_terms(nonstandard=[replace(CUSTOM_SLA, rung=Rung.PROHIBITED)]), "asks for Custom"),
        (make_terms(nonstandard=[replace(CUSTOM_SLA, is_paper=True)]), "customer's paper"),
        (make_terms(segment="enterprise"), "large account"),
        (make_terms(segment="unknown"), "unknown size"),
        (make_terms(make_line(off=40)), "highest band"),
    ],
)
def test_what_is_read_by_itself(terms, words):
    assert words in " ".join(flags(terms))


def test_a_preapproved_wording_is_like_others():
    assert flags(make_terms(nonstandard=[replace(CUSTOM_SLA, rung=Rung.FALLBACK)])) == []


def test_beyond_a_floor():
    floored = replace(POLICY, floors=(Floor(JudgedBasis.BLENDED, Decimal(25)),))

    assert "floor" in " ".join(flags(make_terms(make_line(off=25)), floored))
