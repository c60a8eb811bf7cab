"""Many rows of one table, each with values of its own."""

from datetime import UTC, date, datetime

import pytest

from pipeline.models import Deal
from revops.manyrows import write_columns
from tests.factories.pipeline import make_deal

pytestmark = pytest.mark.django_db

COLUMNS = ("missing_count", "decision_maker_known", "debt_due_on", "skipped_at")
SKIPPED = datetime(2026, 11, 3, 9, 30, tzinfo=UTC)


def test_each_row_gets_its_own_values_and_the_others_stay(rep):
    first, second, third = (make_deal(rep, name) for name in ("First", "Second", "Third"))
    before = Deal.objects.filter(pk=third.pk).values_list(*COLUMNS).get()

    write_columns(
        Deal,
        COLUMNS,
        [(first.pk, 3, True, date(2026, 11, 5), SKIPPED), (second.pk, 0, False, None, None)],
    )

    written = dict(Deal.objects.values_list("pk", "missing_count"))
    assert (written[first.pk], written[second.pk]) == (3, 0)
    first.refresh_from_db()
    assert (first.debt_due_on, first.skipped_at) == (date(2026, 11, 5), SKIPPED)
    assert first.decision_maker_known is True
    assert Deal.objects.filter(pk=third.pk).values_list(*COLUMNS).get() == before


def test_no_rows_ask_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        write_columns(Deal, COLUMNS, [])
