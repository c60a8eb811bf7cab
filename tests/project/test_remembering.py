"""What is read once for a page, and never carried over."""

import pytest

from revops.company.models import Company
from revops.remembering import holding, remembered, remembering


def test_within_a_page_a_question_is_asked_once():
    asked = []
    with remembering():
        answers = {remembered("key", lambda: asked.append(1) or "answer") for _ in range(3)}

    assert (answers, len(asked)) == ({"answer"}, 1)


def test_outside_of_a_page_nothing_is_remembered():
    asked = []
    for _ in range(2):
        remembered("key", lambda: asked.append(1))

    assert len(asked) == 2


def test_the_next_page_asks_anew():
    answers = []
    for number in range(2):
        with remembering():
            answers.append(remembered("key", lambda number=number: number))

    assert answers == [0, 1]


def test_what_is_held_inside_is_still_known_around_it():
    with holding("rules"):
        with holding("rules", "junk"):
            remembered(("rules", 1), lambda: "first")
        with remembering():
            shown = remembered(("rules", 1), lambda: "second")
        held = remembered(("rules", 1), lambda: "third")

    assert (shown, held) == ("first", "first")


def test_what_is_not_named_is_not_held():
    with holding("rules"):
        answers = [remembered("quote", lambda number=number: number) for number in range(2)]

    assert answers == [0, 1]


@pytest.mark.django_db
@pytest.mark.parametrize(("method", "times"), [("get", 1), ("head", 1), ("post", 2)])
def test_only_requests_that_read_remember(rf, method, times, django_assert_num_queries):
    from revops.middleware import RememberingMiddleware

    answer = RememberingMiddleware(lambda request: [Company.get(), Company.get()])

    with django_assert_num_queries(times):
        answer(getattr(rf, method)("/"))
