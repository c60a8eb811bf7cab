"""Who gives quotas, and what counts for a period."""

from datetime import date
from decimal import Decimal

import pytest

from pipeline.forecasting.periods import month_of, quarter_of
from pipeline.forecasting.targets import quotas_in
from pipeline.models import Quota
from pipeline.operations import change_quota, remove_quota, set_quota, set_quotas
from pipeline.operations.quotas import Target
from revops.ledger.models import Entry
from revops.refusals import Conflict, NotAllowed, Refused
from tests.factories.people import AT, by
from tests.factories.pipeline import new_business
from tests.pipeline.forecasting.making import QUARTER, make_quota

pytestmark = pytest.mark.django_db
Q4 = quarter_of(date(2026, 11, 3))
NOVEMBER = month_of(date(2026, 11, 3))


@pytest.mark.parametrize("role", ["rep", "manager", "vp", "finance"])
def test_only_revops_gives_quotas(role, rep, request):
    with pytest.raises(NotAllowed):
        set_quota(
            person=rep, amount=Decimal(1), by=by(request.getfixturevalue(role)), at=AT, **QUARTER
        )


def test_a_quota_is_in_the_ledger(rep, revops):
    quota = set_quota(person=rep, amount=Decimal(5), by=by(revops), at=AT, **QUARTER)
    change_quota(quota=quota, amount=Decimal(6), by=by(revops), at=AT)
    remove_quota(quota=quota, by=by(revops), at=AT)

    verbs = Entry.objects.filter(subject_type="quota").order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["quota.set", "quota.changed", "quota.removed"]
    assert not Quota.objects.exists()


def test_a_person_has_one_quota_for_a_period(rep):
    make_quota(rep)

    with pytest.raises(Refused, match="already"):
        make_quota(rep)


@pytest.mark.parametrize(
    "facts",
    [
        {"amount": 0},
        {"amount": -5},
        {"starts_on": date(2026, 10, 2)},
        {"ends_on": date(2026, 12, 30)},
        {"ends_on": date(2026, 9, 30)},
        {"currency": "dollars"},
    ],
)
def test_what_is_no_quota_is_refused(rep, facts):
    with pytest.raises(Refused):
        make_quota(rep, **facts)


def test_who_changes_a_quota_that_somebody_changed_is_told(rep, revops):
    quota = make_quota(rep)
    change_quota(quota=quota, amount=Decimal(6), by=by(revops), at=AT)

    with pytest.raises(Conflict):
        change_quota(quota=quota, amount=Decimal(7), version=1, by=by(revops), at=AT)


def test_a_table_is_set_whole_and_says_what_it_did(rep, other_rep, revops):
    make_quota(rep)
    targets = [
        Target(rep, Q4, None),
        Target(other_rep, Q4, Decimal(9)),
        Target(other_rep, Q4.next, Decimal(9)),
    ]

    first = set_quotas(targets=targets, currency="USD", by=by(revops), at=AT)
    again = set_quotas(targets=targets, currency="USD", by=by(revops), at=AT)

    assert (first.entered, first.changed, first.removed, again.total) == (2, 0, 1, 0)


def test_the_quota_of_the_quarter_goes_before_those_of_its_months(rep):
    make_quota(rep, 100)
    make_quota(rep, 60, starts_on=NOVEMBER.starts_on, ends_on=NOVEMBER.ends_on)

    assert quotas_in(new_business(), Q4) == {rep.pk: {"USD": Decimal(100)}}
    assert quotas_in(new_business(), NOVEMBER) == {rep.pk: {"USD": Decimal(60)}}


def test_months_are_added_up_for_the_quarter(rep):
    for month in Q4.months:
        period = month_of(month)
        make_quota(rep, 10, starts_on=period.starts_on, ends_on=period.ends_on)

    assert quotas_in(new_business(), Q4) == {rep.pk: {"USD": Decimal(30)}}


def test_a_quota_of_the_pipeline_goes_before_one_of_all(rep):
    make_quota(rep, 100)
    make_quota(rep, 70, pipeline=new_business())

    assert quotas_in(new_business(), Q4) == {rep.pk: {"USD": Decimal(70)}}


def test_a_longer_quota_is_not_divided(rep):
    make_quota(rep, 100)

    assert quotas_in(new_business(), NOVEMBER) == {}
