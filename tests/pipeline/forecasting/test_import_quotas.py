"""Quotas from a planning sheet."""

from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings

from pipeline.models import Quota
from revops.imports.drafts import BadRows, draft_file
from revops.imports.kinds import kind_of
from revops.imports.mapping import parse_mapping
from revops.ledger.models import Entry
from tests.imports.files import AT, BY, LATER
from tests.pipeline.forecasting.making import make_quota

pytestmark = pytest.mark.django_db

MAPPING = (Path(settings.BASE_DIR) / "docs/examples/quotas/quotas.toml").read_text()
HEAD = "Address,Period,Amount,Currency\n"


def run(text, at=AT):
    kind = kind_of("quotas")
    drafts = draft_file((HEAD + text).encode(), parse_mapping(MAPPING, kind))
    return kind.run(drafts=drafts, by=BY, at=at)


def test_a_row_is_a_quota(rep):
    run(f'{rep.email},2026-Q4,"60,000",USD\n{rep.email},2027-01,"5,000",USD\n')

    quotas = list(Quota.objects.order_by("starts_on").values_list("amount", "starts_on__month"))
    assert quotas == [(Decimal(60_000), 10), (Decimal(5_000), 1)]


def test_a_second_run_changes_only_what_the_source_changed(rep):
    run(f'{rep.email},2026-Q4,"60,000",USD\n')
    entries = Entry.objects.count()

    again = run(f'{rep.email},2026-Q4,"60,000",USD\n', at=LATER)
    assert again.counts["quota"]["unchanged"] == 1
    assert Entry.objects.count() == entries

    run(f'{rep.email},2026-Q4,"70,000",USD\n', at=LATER)
    assert Quota.objects.get().amount == 70_000
    assert Quota.objects.get().version == 2


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("nobody@x.example,2026-Q4,1,USD", "of no person"),
        ("{rep},2026-Q5,1,USD", "no month or quarter"),
        ("{rep},,1,USD", "is blank"),
        ("{rep},2026-Q4,0,USD", "less than"),
    ],
)
def test_a_bad_row_is_named(rep, row, reason):
    with pytest.raises(BadRows) as refused:
        run(row.format(rep=rep.email) + "\n")

    assert reason in str(refused.value.outcome.bad)


def test_a_quota_entered_here_is_not_doubled(rep):
    make_quota(rep)

    with pytest.raises(BadRows) as refused:
        run(f"{rep.email},2026-Q4,1,USD\n")

    assert "has a quota for it already" in str(refused.value.outcome.bad)
