from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from django.contrib import admin
from django.db import IntegrityError, transaction
from django.urls import reverse

from dealdesk.defaults import ensure_dealdesk
from dealdesk.models import (
    BillingFrequency,
    NonStandardTerm,
    PaymentTerms,
    PolicyVersion,
    Price,
    Product,
    TermDiscount,
    VolumeTier,
)
from dealdesk.operations import (
    add_product,
    add_term,
    change_product,
    change_term,
    publish_policy,
    publish_preset,
    set_price,
    set_term_discount,
    set_volume_tier,
)
from dealdesk.policy import PriceBand, PriceTable, policy_digest, policy_from_json
from dealdesk.presets import AS_IN_THE_SOURCES
from revops.administration import OperationAdmin, ReadOnlyAdmin
from revops.ledger.models import Entry
from revops.refusals import Conflict, NotAllowed, Refused
from tests.factories.dealdesk import AT, make_product, make_quote, product_of
from tests.factories.dealdesk import term as asked
from tests.factories.people import SYSTEM, by

pytestmark = pytest.mark.django_db
START = date(2020, 1, 1)


def test_a_new_installation_judges_as_in_the_sources():
    version = PolicyVersion.objects.get()

    assert version.in_force
    assert version.digest == policy_digest(AS_IN_THE_SOURCES)
    assert policy_from_json(version.body) == AS_IN_THE_SOURCES


def test_shipped_data_is_put_there_once():
    counts = [m.objects.count() for m in (PaymentTerms, BillingFrequency, NonStandardTerm)]
    ensure_dealdesk(AT)

    assert counts == [m.objects.count() for m in (PaymentTerms, BillingFrequency, NonStandardTerm)]
    assert PolicyVersion.objects.count() == 1


def test_publishing_takes_the_place_of_the_one_in_force(revops):
    version = publish_preset(preset="recommended", by=by(revops), at=AT)

    assert version.number == 2
    assert PolicyVersion.objects.get(in_force=True) == version
    assert Entry.objects.filter(verb="policy.published").count() == 1


def test_an_older_policy_is_published_as_a_new_version(revops):
    publish_preset(preset="recommended", by=by(revops), at=AT)
    again = publish_preset(preset="as_in_the_sources", by=by(revops), at=AT)

    assert again.number == 3


def test_an_unfit_policy_is_refused_naming_everything(revops):
    bands = PriceTable(AS_IN_THE_SOURCES.prices[0].bases, (PriceBand(Decimal(5)),))
    unfit = replace(AS_IN_THE_SOURCES, prices=(bands,), roles=())

    with pytest.raises(Refused) as refused:
        publish_policy(policy=unfit, label="Unfit", by=by(revops), at=AT)

    assert "start at 0 %" in refused.value.message
    assert "does not say how" in refused.value.message


def test_the_same_policy_is_not_published_twice(revops):
    with pytest.raises(Refused, match="in force already"):
        publish_preset(preset="as_in_the_sources", by=by(revops), at=AT)


def test_only_revops_governs(rep, vp, desk, finance, auditor):
    product = make_product()
    for person in (rep, vp, desk, finance, auditor):
        with pytest.raises(NotAllowed):
            publish_preset(preset="recommended", by=by(person), at=AT)
        with pytest.raises(NotAllowed):
            add_product(key="x", name="X", by=by(person), at=AT)
        with pytest.raises(NotAllowed):
            change_product(product=product, changes={"name": "X"}, by=by(person), at=AT)


def test_a_published_policy_never_changes():
    with pytest.raises(IntegrityError), transaction.atomic():
        PolicyVersion.objects.update(body="{}")


def test_one_policy_in_force_is_a_constraint():
    with pytest.raises(IntegrityError), transaction.atomic():
        PolicyVersion.objects.create(
            number=2, label="Second", body="{}", digest="x", published_at=AT, in_force=True
        )


def test_a_new_price_ends_the_one_before(revops):
    product = make_product(price="100")
    price = set_price(
        product=product,
        currency="USD",
        amount=Decimal(120),
        period="year",
        valid_from=date(2027, 1, 1),
        by=by(revops),
        at=AT,
    )

    before = Price.objects.get(product=product, amount=100)
    assert before.valid_until == date(2026, 12, 31)
    assert price.valid_until is None
    assert Price.objects.effective_on(date(2027, 1, 1)).get(product=product) == price


def test_a_price_in_between_ends_where_the_next_begins(revops):
    product = make_product(price="100")
    for day in (date(2027, 1, 1), date(2026, 6, 1)):
        set_price(
            product=product,
            currency="USD",
            amount=Decimal(day.month),
            period="year",
            valid_from=day,
            by=by(revops),
            at=AT,
        )

    ends = Price.objects.filter(product=product).order_by("valid_from")
    assert [row.valid_until for row in ends] == [date(2026, 5, 31), date(2026, 12, 31), None]


@pytest.mark.parametrize("amount", ["-1", "NaN", "1.00001"])
def test_a_price_that_cannot_be_is_refused(amount):
    product = make_product()

    with pytest.raises(Refused):
        set_price(
            product=product,
            currency="USD",
            amount=Decimal(amount),
            period="year",
            valid_from=START,
            by=SYSTEM,
            at=AT,
        )


def test_published_discounts_are_below_everything(revops):
    for percent in ("-1", "100"):
        with pytest.raises(Refused):
            set_volume_tier(
                product=product_of(),
                from_quantity=10,
                discount_percent=Decimal(percent),
                valid_from=START,
                by=by(revops),
                at=AT,
            )
        with pytest.raises(Refused):
            set_term_discount(
                from_months=12,
                discount_percent=Decimal(percent),
                valid_from=START,
                by=by(revops),
                at=AT,
            )


def test_a_stale_product_is_a_conflict(revops):
    product = make_product()
    change_product(product=product, changes={"name": "A"}, version=1, by=by(revops), at=AT)

    with pytest.raises(Conflict):
        change_product(product=product, changes={"name": "B"}, version=1, by=by(revops), at=AT)


def test_the_key_of_a_product_never_changes(revops):
    with pytest.raises(Refused):
        change_product(product=make_product(), changes={"key": "b"}, by=by(revops), at=AT)


def test_the_catalogue_is_changed_by_operations(revops):
    term = add_term(key="escrow", name="Escrow", category="legal", by=by(revops), at=AT)
    change_term(term=term, changes={"owner_roles": ["legal"]}, by=by(revops), at=AT)

    with pytest.raises(Refused):
        change_term(term=term, changes={"owner_roles": ["rep"]}, by=by(revops), at=AT)
    assert Entry.objects.about(term).count() == 2


def test_a_term_on_a_quote_keeps_its_category(rep, revops):
    """Another category would be another topic, and what was judged would look changed."""
    make_quote(rep, terms=[asked("custom-sla")])
    term = NonStandardTerm.objects.get(key="custom-sla")

    with pytest.raises(Refused):
        change_term(term=term, changes={"category": "payment"}, by=by(revops), at=AT)


# Django's administration


@pytest.fixture
def site(client, revops):
    client.force_login(revops)
    return client


@pytest.mark.parametrize(
    "model",
    [m for m in admin.site._registry if m.__module__.startswith("dealdesk.")],
    ids=lambda model: model.__name__,
)
def test_every_list_can_be_seen_and_is_changed_by_operations_only(site, model):
    assert isinstance(admin.site._registry[model], OperationAdmin | ReadOnlyAdmin)
    name = f"admin:dealdesk_{model._meta.model_name}_changelist"
    assert site.get(reverse(name)).status_code == 200


def test_a_product_is_added_by_the_operation(site):
    facts = {"key": "seat", "name": "Seat", "family": "", "kind": "recurring"}
    site.post(reverse("admin:dealdesk_product_add"), facts)

    assert Entry.objects.about(Product.objects.get(key="seat")).get().verb == "product.added"


def test_a_price_is_set_by_the_operation(site):
    product = make_product(price="100")
    price = product.prices.get()
    page = reverse("admin:dealdesk_price_change", args=[price.pk])
    site.post(page, {"period": "year", "amount": "150"})

    price.refresh_from_db()
    assert price.amount == 150
    assert Entry.objects.filter(verb="price.set").count() == 2


def test_tiers_are_set_by_the_operation(site):
    facts = {"discount_percent": "10", "valid_from": "2026-01-01", "valid_until": ""}
    product = make_product()
    site.post(
        reverse("admin:dealdesk_volumetier_add"),
        facts | {"product": product.pk, "from_quantity": 10},
    )
    site.post(
        reverse("admin:dealdesk_termdiscount_add"), facts | {"product": "", "from_months": 24}
    )

    assert VolumeTier.objects.get().discount_percent == 10
    assert TermDiscount.objects.get().from_months == 24


def test_terms_are_retired_by_the_operation(site):
    term = NonStandardTerm.objects.get(key="publicity")
    page = reverse("admin:dealdesk_nonstandardterm_changelist")
    site.post(page, {"action": "retire", "_selected_action": [term.pk]})

    term.refresh_from_db()
    assert term.retired_at
