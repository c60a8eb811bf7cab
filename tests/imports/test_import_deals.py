from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from dealdesk.defaults import ensure_dealdesk
from dealdesk.drafts import LineDraft
from dealdesk.models import Product, Quote
from dealdesk.operations import create_quote
from pipeline.models import Account, Deal, StageRollup, StageVisit
from pipeline.rollups import counted
from revops.imports.drafts import BadRows
from revops.ledger.models import Entry
from revops.outbox.models import Notification
from tests.imports.files import AT, BY, DEALS, DEALS_HEADER, LATER, reasons, run

pytestmark = pytest.mark.django_db

OPEN = "1,Acme open,1,rita,discovery,100,2017-01-02,,7\n"
WON = "2,Acme won,1,rita,closed-won,4000,2017-01-02,2017-03-01,7\n"
LOST = "3,Acme lost,,rita,closed-lost,,,2017-03-02,7\n"
FILE = DEALS_HEADER + OPEN + WON + LOST


@pytest.fixture(autouse=True)
def known():
    """The person, the account and the product that the deals speak of."""
    ensure_dealdesk(AT)
    run("people", "id,name,office,boss,roles\nrita,Rita,North,,rep\n")
    run("accounts", "id,name,staff,parent\n1,Acme,50,\n")
    run("products", "id,name,price\n7,GTX Pro,5000\n")


def deal(external_id):
    return Deal.objects.get(external_id=external_id)


def rollups():
    return {
        (row.stage_id, row.owner_id): (row.count, row.amount)
        for row in StageRollup.objects.all()
        if row.count
    }


def true_rollups():
    return {(cell.stage_id, cell.owner_id): numbers for cell, numbers in counted().items()}


def test_open_deal_goes_on_here_with_what_is_known():
    run("deals", FILE)

    opened = deal("1")
    assert (opened.status, opened.stage.key, opened.origin) == ("open", "discovery", "import")
    assert (opened.opened_on, opened.closed_on) == (date(2017, 1, 2), None)
    assert opened.close_date is None
    assert opened.entered_stage_at is None
    assert opened.currency == "USD"


def test_closed_deal_keeps_its_dates_and_what_is_unknown_stays_unknown():
    run("deals", FILE)

    won, lost = deal("2"), deal("3")
    assert (won.status, won.closed_on) == ("won", date(2017, 3, 1))
    assert (lost.status, lost.closed_on, lost.opened_on) == ("lost", date(2017, 3, 2), None)
    assert (lost.loss_reason, lost.account, lost.amount) == ("", None, None)
    assert won.closed_owner == won.owner
    assert won.closed_team.name == "North"
    assert won.closed_segment == "smb"


def test_each_deal_has_one_visit_that_is_an_import_and_no_skip():
    run("deals", FILE)

    visits = {visit.deal.external_id: visit for visit in StageVisit.objects.all()}
    assert {(visit.move, tuple(visit.skipped)) for visit in visits.values()} == {("import", ())}
    assert visits["1"].entered_at is None
    assert visits["2"].entered_at == datetime(2017, 3, 1, tzinfo=UTC)
    assert visits["2"].entered_by is None


def test_closed_deal_with_product_and_value_gets_a_quote_of_its_day():
    run("deals", FILE)

    quote = Quote.objects.get()
    assert quote.deal == deal("2")
    assert (quote.revision, quote.is_primary, quote.status) == (1, True, "submitted")
    assert (quote.origin, quote.priced_on) == ("import", date(2017, 3, 1))
    assert quote.submitted_at == datetime(2017, 3, 1, tzinfo=UTC)
    assert (quote.standard_amount, quote.net_amount) == (5000, 4000)
    assert quote.discount_percent == Decimal(20)
    line = quote.lines.get()
    assert (line.typed, line.typed_value, line.quantity) == ("net_amount", 4000, 1)
    assert not quote.requests.exists()


def test_no_alert_is_sent():
    run("deals", FILE)
    run(
        "deals",
        FILE.replace("discovery,100", "closed-lost,100").replace("-02,,7", "-02,2017-05-05,7"),
    )

    assert not Notification.objects.exists()


def test_second_run_changes_nothing_and_adds_no_entry():
    run("deals", FILE)
    entries = Entry.objects.count()
    before = list(Deal.objects.order_by("pk").values())

    outcome = run("deals", FILE, at=LATER)

    assert outcome.counts["deal"] == {"created": 0, "changed": 0, "unchanged": 3}
    assert Entry.objects.count() == entries
    assert list(Deal.objects.order_by("pk").values()) == before
    assert Quote.objects.count() == 1


def test_rollups_are_right_after_each_run():
    run("deals", FILE)
    assert rollups() == true_rollups()

    run("deals", FILE.replace("discovery,100", "proposal,250"), at=LATER)
    assert rollups() == true_rollups()


def test_hand_edit_survives_until_the_source_says_something_new():
    run("deals", FILE)
    Deal.objects.filter(external_id="1").update(name="Mine", amount=7)

    run("deals", FILE, at=LATER)
    assert (deal("1").name, deal("1").amount) == ("Mine", 7)

    run("deals", FILE.replace("discovery,100", "discovery,300"), at=LATER)
    assert (deal("1").name, deal("1").amount) == ("Mine", 300)
    entry = Entry.objects.about(deal("1")).first()
    assert (entry.verb, entry.after) == ("deal.changed", {"amount": "300.00"})


def test_deal_that_the_source_has_since_won_is_won_here_by_import():
    run("deals", FILE)

    run(
        "deals",
        FILE.replace("discovery,100,2017-01-02,,", "closed-won,100,2017-01-02,2026-11-01,"),
        at=LATER,
    )

    won = deal("1")
    assert (won.status, won.stage.key, won.closed_on) == ("won", "closed-won", date(2026, 11, 1))
    assert list(won.visits.order_by("pk").values_list("stage__key", "move")) == [
        ("discovery", "import"),
        ("closed-won", "import"),
    ]
    assert won.visits.filter(left_at=None).count() == 1
    assert won.quotes.get().net_amount == 100
    assert rollups() == true_rollups()


def test_value_that_the_source_corrects_makes_a_next_revision():
    run("deals", FILE)

    run("deals", FILE.replace(",4000,", ",4500,"), at=LATER)

    old, new = Quote.objects.order_by("revision")
    assert (old.revision, old.is_primary, old.net_amount) == (1, False, 4000)
    assert (new.revision, new.is_primary, new.net_amount) == (2, True, 4500)
    assert new.based_on == old
    assert deal("2").amount == 4500


def test_mapping_decides_which_stage_gets_a_quote():
    staged = 'stage_column = "stage"\n' + DEALS.replace('stage = "{stage}"\n', "")
    staged += '[stages.closed-won]\nstatus = "won"\nquote = false'

    run("deals", DEALS_HEADER + WON, mapping=staged)

    assert deal("2").status == "won"
    assert not Quote.objects.exists()


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("4,D,9,rita,discovery,1,,,\n", "account: “9” is no account of the source crm"),
        ("4,D,1,ron,discovery,1,,,\n", "owner: “ron” is no person of the source crm"),
        ("4,D,1,,discovery,1,,,\n", "owner is blank"),
        ("4,D,1,rita,dreaming,1,,,\n", "stage: “dreaming” is no stage of the pipeline (qualified,"),
        ("4,D,1,rita,,1,,,\n", "stage is blank, and the deal is open"),
        ("4,D,1,rita,closed-won,1,,,\n", "closed_on is blank, and the deal is won"),
        ("4,D,1,rita,discovery,1,,2017-01-01,\n", "closed_on is given, and the deal is open"),
        ("4,D,1,rita,closed-won,1,,2199-01-01,\n", "closed_on: 2199-01-01 lies in the future"),
        (
            "4,D,1,rita,closed-won,1,2017-02-01,2017-01-01,\n",
            "closed_on: 2017-01-01 is before opened_on, 2017-02-01",
        ),
        ("4,D,1,rita,discovery,1,2017-02-30,,\n", "opened_on: “2017-02-30” is no date of"),
        ("4,D,1,rita,discovery,1,,,8\n", "product: “8” is no product of the source crm"),
        ("2,D,1,rita,discovery,1,,,\n", "The deal “2” is already on line 3"),
        (
            "4,D,1,rita,closed-won,1,,1999-01-01,7\n",
            "quote: The USD price list has no price for GTX Pro on 1999-01-01",
        ),
    ],
)
def test_bad_row_is_named_and_nothing_is_written(row, reason):
    with pytest.raises(BadRows) as refusal:
        run("deals", FILE + row)

    ((line, said),) = reasons(refusal)
    assert line == 5
    assert said.startswith(reason)
    assert not Deal.objects.exists()


def test_unknown_loss_reason_is_refused_and_a_known_one_kept():
    mapping = DEALS.replace('opened_on = "{opened}"', 'loss_reason = "{opened}"')

    with pytest.raises(BadRows) as refusal:
        run("deals", DEALS_HEADER + LOST.replace(",,,", ",,bad luck,"), mapping=mapping)

    assert reasons(refusal)[0][1].startswith("loss_reason: “bad luck” is not in the list")

    run("deals", DEALS_HEADER + LOST.replace(",,,", ",,price,"), mapping=mapping)
    assert deal("3").loss_reason == "price"


def test_skipped_bad_rows_leave_the_good_ones():
    outcome = run("deals", FILE + "4,D,9,rita,discovery,1,,,\n", skip_bad=True)

    assert outcome.counts["deal"]["created"] == 3
    assert Deal.objects.count() == 3


def test_formula_is_text():
    run("deals", DEALS_HEADER + OPEN.replace("Acme open", "=HYPERLINK(0)"))

    assert deal("1").name == "=HYPERLINK(0)"


def test_deal_is_found_by_the_name_of_its_account():
    run("deals", FILE)
    Account.objects.get()

    assert deal("2") in Deal.objects.matching("acme")


def test_amount_of_a_quote_made_here_is_not_written_over():
    run("deals", FILE)
    opened = deal("1")
    line = LineDraft(product=Product.objects.get(external_id="7"), quantity=Decimal(1))
    create_quote(deal=opened, lines=[line], by=BY, at=AT)

    with pytest.raises(BadRows) as refusal:
        run("deals", FILE.replace("discovery,100", "discovery,300"), at=LATER)

    ((line_number, reason),) = reasons(refusal)
    assert line_number == 2
    assert reason.startswith("amount: ")
    assert deal("1").amount == 5000
    assert run("deals", FILE, at=LATER).counts["deal"]["unchanged"] == 3
