import pytest

from dealdesk.operations import make_primary, recall_request, revise_quote, save_quote
from pipeline.timeline import timeline_of
from tests.factories.dealdesk import AT, HOUR, decide, line, make_quote, submit, term
from tests.factories.people import by

pytestmark = pytest.mark.django_db


def told(record, user):
    return [happening.sentence for happening in timeline_of(record, user).entries]


def test_the_timeline_of_a_deal_tells_of_its_approval(rep, vp):
    quote = make_quote(rep, 25)
    decide(submit(quote), vp)
    draft = revise_quote(quote=quote, by=by(rep), at=AT + 2 * HOUR)
    key = draft.lines.get().key
    save_quote(quote=draft, lines=[line(30, key=key)], by=by(rep), at=AT + 3 * HOUR)
    make_primary(quote=draft, by=by(rep), at=AT + 4 * HOUR)

    sentences = told(quote.deal, rep)

    for sentence in (
        "made another quote the primary, and gave up its approval",
        "lost the approval of these terms",
        "changed quote r2",
        "began revision r2",
        "completed the approval",
        "approved as the VP of sales",
        "submitted the quote; asked: the VP of sales",
        "made quote r1",
    ):
        assert sentence in sentences


def test_its_questions_do_not_grow_with_what_happened(rep, desk, django_assert_max_num_queries):
    quote = make_quote(rep, terms=[term()])
    for number in range(4):
        request = submit(quote, at=AT + number * HOUR)
        recall_request(request=request, by=by(rep), at=AT + number * HOUR)

    with django_assert_max_num_queries(16):
        told(quote.deal, rep)
