from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from dealdesk.forms import Raw, Sheet
from dealdesk.inputs import rows_of
from dealdesk.models import ApprovalRequest, Quote, QuoteEdit
from dealdesk.operations import revise_quote, save_quote
from revops.ledger.models import Entry
from tests.factories.dealdesk import AT, decide, line, make_quote, product_of, submit, term
from tests.factories.people import by, signed_in
from tests.factories.pipeline import make_account, make_deal

pytestmark = pytest.mark.django_db


def url(name, record, **kwargs):
    return reverse(f"dealdesk:{name}", args=[record.pk], **kwargs)


def typed(quote, **changes) -> dict:
    """The editor's form as the page shows it, with some of it typed over."""
    data = Sheet.of_rows(rows_of(Quote.objects.get(pk=quote.pk))).raw.flat()
    return {
        **data,
        "version": quote.version,
        **{k.replace("__", "-"): v for k, v in changes.items()},
    }


def preview(client, quote, **changes):
    return client.post(url("quote-preview", quote), typed(quote, **changes), headers=HTMX)


HTMX = {"HX-Request": "true"}


def test_editor_shows_draft_to_its_owner(rep):
    quote = make_quote(rep, 5)

    page = signed_in(rep).get(url("quote-detail", quote))

    assert page.status_code == 200
    assert b"Save draft" in page.content
    assert b"Nobody needs to approve this" in page.content


def test_quote_is_not_there_for_an_outsider(rep, outsider):
    quote = make_quote(rep)

    for name in ("quote-detail", "quote-edit", "quote-make-primary"):
        assert signed_in(outsider).get(url(name, quote)).status_code == 404
    for name in ("quote-preview", "quote-submit", "quote-clone", "quote-revise"):
        assert signed_in(outsider).post(url(name, quote)).status_code == 404


def test_auditor_reads_and_may_not_edit(rep, auditor):
    quote, client = make_quote(rep, 15), signed_in(auditor)

    assert b"Save draft" not in client.get(url("quote-detail", quote)).content
    assert client.get(url("quote-edit", quote)).status_code == 403
    assert client.post(url("quote-edit", quote), typed(quote)).status_code == 403
    assert client.post(url("quote-preview", quote), typed(quote)).status_code == 403
    assert client.post(url("quote-submit", quote), typed(quote)).status_code == 403


def test_signed_out_is_sent_to_sign_in(rep):
    quote = make_quote(rep)

    assert Client().get(url("quote-detail", quote)).status_code == 302


def test_25_brings_the_vp_and_19_99_sends_her_away(rep, vp):
    quote, client = make_quote(rep), signed_in(rep)

    with_vp = preview(client, quote, lines__0__wish="25")
    without = preview(client, quote, lines__0__wish="19.99")

    assert "Vera Vance" in with_vp.content.decode()
    assert "7,500.00" in with_vp.content.decode()
    assert "Vera Vance" not in without.content.decode()
    assert "Max Moreno" in without.content.decode()


def test_preview_says_how_much_less_discount_avoids_the_vp(rep, vp):
    page = preview(signed_in(rep), make_quote(rep), lines__0__wish="25").content.decode()

    assert "500.01 USD less discount" in page
    assert "the sales manager suffices" in page


@pytest.mark.parametrize("text", ["25", "25.0", "25,0 %", "25 %", " 25.00%"])
def test_percentages_are_read_as_people_type_them(rep, text):
    page = preview(signed_in(rep), make_quote(rep), lines__0__wish=text)

    assert "25 % off" in page.content.decode()


def test_custom_sla_brings_the_deal_desk(rep, desk):
    quote = make_quote(rep)

    page = preview(
        signed_in(rep), quote, terms__0__term=str(term().term.pk), terms__0__value="99.9 %"
    )

    # The rows of the page changed, so that the whole editor comes.
    assert page["HX-Retarget"] == "#quote-editor"
    assert "Dora Diaz" in page.content.decode()


def test_preview_writes_nothing(rep, vp):
    quote, entries = make_quote(rep), Entry.objects.count()

    preview(signed_in(rep), quote, lines__0__wish="25", lines__0__quantity="7")

    quote.refresh_from_db()
    assert (quote.version, quote.net_amount) == (1, Decimal(10_000))
    assert Entry.objects.count() == entries
    assert QuoteEdit.objects.count() == 1


def test_preview_of_what_cannot_be_read_says_so(rep):
    page = preview(signed_in(rep), make_quote(rep), lines__0__wish="a quarter")

    assert page.status_code == 200
    assert "Enter a number" in page.content.decode()


def test_rows_are_added_and_removed_without_scripts(rep):
    quote, client = make_quote(rep), signed_in(rep)

    added = client.post(url("quote-preview", quote), typed(quote, act="add-lines"))
    assert "lines-1-product" in added.content.decode()
    assert "<html" in added.content.decode()
    gone = client.post(url("quote-preview", quote), typed(quote, act="remove-lines-0"))
    assert 'value="100"' in added.content.decode()
    assert 'value="100"' not in gone.content.decode()


def test_saving_keeps_what_was_typed_exactly(rep):
    quote = make_quote(rep)

    answer = signed_in(rep).post(
        url("quote-edit", quote), typed(quote, lines__0__wish="19.999", lines__0__quantity="55")
    )

    assert answer.status_code == 302
    saved = quote.lines.get()
    assert (saved.typed, saved.typed_value, saved.quantity) == (
        "percent",
        Decimal("19.999"),
        Decimal(55),
    )


def test_unit_price_and_net_amount_are_typed_as_well(rep):
    quote, client = make_quote(rep), signed_in(rep)

    client.post(
        url("quote-edit", quote), typed(quote, lines__0__wish="80", lines__0__typed="unit_price")
    )
    assert Quote.objects.get(pk=quote.pk).net_amount == Decimal(8000)
    quote.refresh_from_db()
    client.post(
        url("quote-edit", quote),
        typed(quote, lines__0__wish="7,777.77", lines__0__typed="net_amount"),
    )
    assert Quote.objects.get(pk=quote.pk).net_amount == Decimal("7777.77")


def test_ramp_has_a_row_for_each_year(rep):
    quote, client = make_quote(rep, term_months=36), signed_in(rep)

    shown = preview(client, quote, lines__0__ramped="on").content.decode()
    assert shown.count('class="quote-line quote-year"') == 3
    data = typed(quote, lines__0__ramped="on")
    data |= {f"lines-0-y{n}-quantity": str(n * 10) for n in (1, 2, 3)}
    client.post(url("quote-edit", quote), data)

    years = quote.lines.get().years.order_by("year")
    assert [year.quantity for year in years] == [10, 20, 30]


def test_concessions_are_saved_and_counted(rep):
    quote = make_quote(rep)

    signed_in(rep).post(
        url("quote-edit", quote),
        typed(quote, concessions__0__kind="free_months", concessions__0__value="3"),
    )

    assert quote.concessions.get().months == 3
    assert Quote.objects.get(pk=quote.pk).discount_percent == Decimal(20)


def test_faulty_form_keeps_what_was_typed(rep):
    quote = make_quote(rep)

    page = signed_in(rep).post(
        url("quote-edit", quote), typed(quote, lines__0__wish="lots", header__note="Keep me")
    )

    assert page.status_code == 422
    assert 'value="lots"' in page.content.decode()
    assert "Keep me" in page.content.decode()


def test_stale_version_is_409_and_loses_nothing(rep, manager):
    quote = make_quote(rep)
    data = typed(quote, lines__0__wish="12")
    save_quote(quote=quote, lines=[line(8)], by=by(manager), at=AT)

    page = signed_in(rep).post(url("quote-edit", quote), data)

    assert page.status_code == 409
    body = page.content.decode()
    assert 'value="12"' in body
    assert "Somebody else changed this" in body
    assert "Max Moreno" in body
    assert 'name="version" value="2"' in body


def test_submitting_saves_what_is_on_the_page_first(rep, vp):
    quote = make_quote(rep)

    answer = signed_in(rep).post(
        url("quote-submit", quote),
        typed(quote, lines__0__wish="25", why="They compare us", in_return=["reference"]),
    )

    assert answer.status_code == 302
    asked = ApprovalRequest.objects.get()
    assert asked.quote.discount_percent == Decimal(25)
    assert asked.route_key == "vp_sales"
    page = signed_in(rep).get(answer["Location"]).content.decode()
    assert "Waiting for Vera" in page


def test_refused_submission_names_what_is_missing_beside_the_button(rep, vp):
    quote = make_quote(rep)

    page = signed_in(rep).post(url("quote-submit", quote), typed(quote, lines__0__wish="25"))

    assert page.status_code == 422
    body = page.content.decode()
    assert "Say why the customer needs this." in body
    assert "Say what we get in return" in body
    assert 'value="25"' in body
    assert not ApprovalRequest.objects.exists()


def test_submission_that_nobody_can_answer_is_refused_by_name(rep):
    quote = make_quote(rep)

    page = signed_in(rep).post(
        url("quote-submit", quote),
        typed(
            quote,
            why="x",
            in_return=["nothing"],
            terms__0__term=str(term().term.pk),
            terms__0__value="99.9",
        ),
    )

    assert page.status_code == 422
    assert "the deal desk" in page.content.decode()


def test_submitted_quote_is_read_only_and_can_be_revised(rep, vp):
    quote = make_quote(rep, 25)
    submit(quote)
    client = signed_in(rep)

    page = client.get(url("quote-detail", quote)).content.decode()
    assert "Save draft" not in page
    assert "Revise" in page
    assert client.get(url("quote-edit", quote)).status_code == 422
    answer = client.post(url("quote-revise", quote))

    draft = Quote.objects.get(revision=2)
    assert answer["Location"] == draft.get_absolute_url()
    assert draft.based_on == quote


def test_clone_is_a_draft_of_its_own(rep):
    quote = make_quote(rep, 5)

    signed_in(rep).post(url("quote-clone", quote))

    assert Quote.objects.get(revision=2).based_on is None


def test_making_primary_says_what_is_given_up(rep, vp):
    quote = make_quote(rep, 22)
    decide(submit(quote), vp)
    worse = revise_quote(quote=quote, by=by(rep), at=AT)
    save_quote(quote=worse, lines=[line(30)], by=by(rep), at=AT)
    client = signed_in(rep)

    asked = client.get(url("quote-make-primary", worse)).content.decode()
    assert "It gives up Vera&#x27;s approval of" in asked
    assert not Quote.objects.get(pk=worse.pk).is_primary
    client.post(url("quote-make-primary", worse), {"version": 2})

    assert Quote.objects.get(pk=worse.pk).is_primary
    deal = client.get(quote.deal.get_absolute_url()).content.decode()
    assert "rose from 22 % to 30 %" in deal


def test_new_quote_starts_from_the_deal(rep, outsider):
    deal = make_deal(rep)

    assert (
        signed_in(outsider).post(reverse("dealdesk:quote-new", args=[deal.pk])).status_code == 404
    )
    answer = signed_in(rep).post(reverse("dealdesk:quote-new", args=[deal.pk]))

    assert answer["Location"] == Quote.objects.get().get_absolute_url()
    assert signed_in(rep).get(answer["Location"]).status_code == 200


def test_acts_on_rows_keep_the_others():
    raw = Raw.of_post(
        {"lines-0-key": "a", "lines-0-wish": "5", "lines-3-key": "b", "header-kind": "new"}
    )

    raw.act("remove-lines-0")
    raw.act("add-concessions")

    assert [row["key"] for row in raw.lines] == ["b"]
    assert raw.concessions == [{}]
    assert raw.header == {"kind": "new"}


def test_editor_asks_as_much_for_ten_lines_as_for_one(rep):
    client, counts = signed_in(rep), []
    products = [product_of(f"p{number}") for number in range(10)]
    few = [line(5, quantity=5)]
    many = [line(5, product=product, quantity=5) for product in products]
    for lines in (few, many):
        account = make_account(f"Account {len(lines)}", employees=100)
        deal = make_deal(rep, name=f"Deal {len(lines)}", account=account)
        quote = make_quote(rep, lines=lines, deal=deal)
        client.get(url("quote-detail", quote))
        with CaptureQueriesContext(connection) as asked:
            client.get(url("quote-detail", quote))
        counts.append(len(asked))

    assert counts[0] == counts[1]
