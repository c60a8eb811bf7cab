from datetime import date
from decimal import Decimal

import pytest

from dealdesk.models import Price, Product
from revops.imports.drafts import BadRows
from revops.ledger.models import Entry
from tests.imports.files import LATER, reasons, run

pytestmark = pytest.mark.django_db

FILE = "id,name,price\n7,GTX Pro,4821\n"


def test_product_comes_with_its_price_in_company_currency():
    run("products", FILE)

    price = Price.objects.get(product__external_id="7")
    assert price.product.key == "gtx-pro"
    assert (price.amount, price.period, price.price_list.currency) == (4821, "year", "USD")
    assert price.valid_from == date(2000, 1, 1)


def test_second_run_adds_no_entry():
    run("products", FILE)
    entries = Entry.objects.count()

    outcome = run("products", FILE, at=LATER)

    assert outcome.counts["product"]["unchanged"] == 1
    assert Entry.objects.count() == entries
    assert Price.objects.count() == 1


def test_new_price_ends_the_one_before_it():
    run("products", FILE)

    run("products", FILE.replace("4821", "5000"), at=LATER)

    old, new = Price.objects.order_by("valid_from")
    assert (old.amount, old.valid_until) == (4821, date(2026, 11, 3))
    assert (new.amount, new.valid_from, new.valid_until) == (5000, date(2026, 11, 4), None)
    entry = Entry.objects.about(new.product).first()
    assert Decimal(entry.after["list_price"]) == 5000


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("8,GTX-Pro,1\n", "key: gtx-pro is also that of “7”"),
        ("8,!!!,1\n", "key: “” is no key, such as gtx-pro"),
        ("8,X,-1\n", "list_price: “-1” is less than 0"),
        ("8,X,=1+1\n", "list_price: “=1+1” is no number"),
    ],
)
def test_bad_row_is_named_and_nothing_is_written(row, reason):
    with pytest.raises(BadRows) as refusal:
        run("products", FILE + row)

    assert reasons(refusal) == [(3, reason)]
    assert not Product.objects.filter(source="crm").exists()


def test_key_of_a_product_made_here_is_not_taken():
    Product.objects.create(key="gtx-pro", name="Ours")

    with pytest.raises(BadRows) as refusal:
        run("products", FILE)

    assert reasons(refusal) == [(2, "key: gtx-pro already belongs to Ours")]
