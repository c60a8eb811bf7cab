"""A policy tried on another system's export: read, judged, printed, and nothing kept unasked."""

import csv
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from dealdesk.models import ReplayFile
from dealdesk.operations import replayfiles
from dealdesk.presets import AS_IN_THE_SOURCES, RECOMMENDED
from dealdesk.replaycandidates import Candidate, candidates, effect_of, outcomes
from dealdesk.replaycells import Cells, facts_of_deal, terms_of_deal
from dealdesk.replayfile import PastDeal
from dealdesk.replayjudge import Judge, judge_in_full
from dealdesk.tasks import work_on_replay_file
from dealdesk.terms import CompanyMoney
from revops.company.operations import set_rate
from revops.imports.problems import BadMapping
from revops.refusals import Conflict, NotAllowed, Refused
from tests.dealdesk.making import CUSTOM_LEGAL, CUSTOM_SLA
from tests.factories.people import AT, SYSTEM, by

MAPPING = """
source = "replay"
[file]
delimiter = ","
[past_deal]
amount = "{net}"
discount_percent = "{off}"
employees = "100"
"""
MANY = (
    MAPPING.replace("100", "{heads}")
    + """
currency = "{currency}"
term_months = "{months}"
payment = "{payment}"
billing = "{billing}"
non_standard_terms = "{terms}"
"""
)


def uploaded(revops, text, policy=AS_IN_THE_SOURCES, name="deals.csv"):
    data = text if isinstance(text, bytes) else text.encode()
    return replayfiles.upload_replay_file(
        policy=policy,
        policy_name=policy.name,
        file=SimpleUploadedFile(name, data),
        by=by(revops),
        at=AT,
    )


def judged(revops, text, mapping=MAPPING, **facts):
    upload = uploaded(revops, text, **facts)
    replayfiles.judge_file(upload=upload, mapping_text=mapping, by=by(revops), at=AT)
    work_on_replay_file(upload.pk)
    return ReplayFile.objects.get(pk=upload.pk)


HEAD = "net,off,currency,months,payment,billing,heads,terms\n"


@pytest.mark.django_db
def test_rows_are_judged_and_bad_ones_named(revops):
    rows = [
        "1000,5,,12,,,100,",
        "9000,15 %,,12,,,100,",
        "9000,25,,12,NET60,,100,Custom SLA;Odd wish",
        "9000,25,,36,,,9000,",
        "x,25,,12,,,100,",
        "9000,100,,12,,,100,",
        "9000,25,ZZZ,12,,,100,",
        "9000,25,GBP,12,,,100,",
        "1,2",
    ]

    upload = judged(revops, HEAD + "\n".join(rows), MANY)

    found = upload.outcome
    assert (found["rows"], found["deals"], found["automatic"]) == (9, 4, 1)
    assert {row["route"] for row in found["routes"]} == {
        "automatic",
        "sales_manager",
        "deal_desk+vp_sales",
        "deal_desk+finance+legal+vp_sales",
    }
    assert [row["line"] for row in found["bad"]] == [6, 7, 8, 9, 10]
    assert "no number" in found["bad"][0]["reason"]
    assert "no exchange rate of GBP" in found["bad"][3]["reason"]


@pytest.mark.django_db
def test_amounts_convert_at_the_rate_of_their_day(revops):
    for day, rate in (("2026-01-01", "0.5"), ("2026-02-01", "0.8")):
        set_rate(
            currency="EUR",
            per_company_unit=Decimal(rate),
            valid_from=AT.date().fromisoformat(day),
            by=by(revops),
            at=AT,
        )
    mapping = MAPPING + 'currency = "{cur}"\nsubmitted_on = "{day}"\n'

    found = judged(revops, "net,off,cur,day\n1000,5,EUR,2026-01-15\n", mapping).outcome

    assert Decimal(found["net"]) == 2000


@pytest.mark.django_db
def test_list_and_net_say_the_discount(revops):
    mapping = MAPPING.replace("discount_percent", "list_amount")

    found = judged(revops, "net,off\n80,100\n90,0\n", mapping).outcome

    assert list(found["roles"]) == ["vp_sales"]
    assert "standard price of zero" in found["bad"][0]["reason"]


@pytest.mark.django_db
def test_two_of_three_prices_are_needed(revops):
    upload = uploaded(revops, "net,off\n1,2\n")

    with pytest.raises(BadMapping, match="two of discount percent"):
        replayfiles.judge_file(
            upload=upload,
            mapping_text='source = "replay"\n[past_deal]\namount = "{net}"\n',
            by=by(revops),
            at=AT,
        )


@pytest.mark.django_db
def test_the_three_changes_say_what_they_remove_and_expose(revops):
    rows = ["1000,13"] * 5 + ["2000,21"] * 3 + ["100,5"] * 2

    found = judged(revops, "net,off\n" + "\n".join(rows)).outcome

    (only,) = found["changes"]
    assert (
        only["sentence"].replace("\u00a0", " ")
        == "Ask the sales manager from 15 % instead of 10 % off"
    )
    assert (only["removed"], only["deals"], only["freed"]) == (5, 5, 5)
    assert Decimal(only["exposed"]) == 5000


@pytest.mark.django_db
def test_each_change_is_chosen_on_top_of_those_before(revops):
    mapping = MAPPING.replace("100", "9000") + 'non_standard_terms = "{terms}"\n'
    rows = ["1000,5,Odd wish"] * 4 + ["1000,5,"] * 6

    found = judged(revops, "net,off,terms\n" + "\n".join(rows), mapping).outcome

    removed = {row["sentence"]: row["removed"] for row in found["changes"]}
    assert next(iter(removed.values())) == 12
    assert found["together"]["removed"] == 24


@pytest.mark.django_db
def test_nothing_is_kept_unless_asked(revops, django_capture_on_commit_callbacks):
    upload = judged(revops, "net,off\nx,25\n100,25\n")
    where, storage = upload.file.name, upload.file.storage

    with django_capture_on_commit_callbacks(execute=True):
        kept = replayfiles.keep_file_result(upload=upload, by=by(revops), at=AT)

    kept.refresh_from_db()
    assert not storage.exists(where)
    assert (kept.file.name, kept.profile, kept.mapping_text) == ("", {}, "")
    assert kept.outcome["bad"] == []
    assert kept.outcome["deals"] == 1
    with pytest.raises(Conflict, match="kept no longer"):
        replayfiles.judge_file(upload=kept, mapping_text=MAPPING, by=by(revops), at=AT)


@pytest.mark.django_db
def test_files_go_after_a_day_and_kept_figures_stay(revops, django_capture_on_commit_callbacks):
    kept = judged(revops, "net,off\n100,25\n")
    replayfiles.keep_file_result(upload=kept, by=by(revops), at=AT)
    left, judging = uploaded(revops, "net,off\n1,2\n"), uploaded(revops, "net,off\n1,2\n")
    replayfiles.judge_file(upload=judging, mapping_text=MAPPING, by=by(revops), at=AT)
    where, storage = left.file.name, left.file.storage

    with django_capture_on_commit_callbacks(execute=True):
        gone = replayfiles.forget_old_files(by=SYSTEM, at=AT + timedelta(hours=24))

    assert gone == 2
    assert not storage.exists(where)
    assert list(ReplayFile.objects.all()) == [kept]


@pytest.mark.django_db
def test_a_file_that_is_dropped_is_gone(revops, django_capture_on_commit_callbacks):
    upload = uploaded(revops, "net,off\n1,2\n")
    where, storage = upload.file.name, upload.file.storage

    with django_capture_on_commit_callbacks(execute=True):
        replayfiles.drop_file(upload=upload, by=by(revops), at=AT)

    assert not ReplayFile.objects.exists()
    assert not storage.exists(where)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x03\x04" + b"0" * 100,
        b"%PDF-1.4",
        b"net,off\x00\n1,2\n",
        b"net,net\n1,2\n",
        b"\xff\xfen\x00e",
        ",".join(f"c{n}" for n in range(400)).encode(),
    ],
)
def test_what_is_no_table_is_refused(revops, data):
    with pytest.raises(Refused):
        uploaded(revops, data)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("data", "deals"),
    [
        ("net,off\n=1+1,5\n@SUM(A1),5\n+100,5\n", 1),
        ('net,off\n1,2\n"' + "x" * 200_000 + '",5\n', 1),
        ('net,off\n1,2\n"open,5\n3,4\n', 1),
        ("net,off\n1e9,5\nNaN,5\nInfinity,5\n1,NaN\n", 0),
        ("net,off\n" + "9" * 60 + ",5\n1,-1001\n1,5\n", 1),
        ("net,off\n1,5\n2,A\x07\n", 1),
        ("net,off,\u202ename\n1,5,\n", 1),
    ],
)
def test_hostile_cells_are_bad_rows_and_no_more(revops, data, deals):
    upload = judged(revops, data)

    assert upload.state == "done", upload.outcome
    assert upload.outcome["deals"] == deals


@pytest.mark.django_db
def test_wrong_encodings_are_named(revops):
    mapping = MAPPING.replace("[file]", '[file]\nencoding = "utf-8"')
    upload = judged(revops, "net,off,who\n1,5,Müller\n".encode("cp1252"), mapping)

    assert upload.state == "failed"
    assert "Line 2 is not utf-8" in upload.outcome["error"]
    right = mapping.replace("utf-8", "cp1252")
    replayfiles.judge_file(upload=upload, mapping_text=right, by=by(revops), at=AT)
    work_on_replay_file(upload.pk)
    assert ReplayFile.objects.get(pk=upload.pk).outcome["deals"] == 1


@pytest.mark.django_db
def test_a_file_over_fifty_megabytes_is_refused(revops):
    file = SimpleUploadedFile("x.csv", b"net,off\n")
    file.size = 50 * 1024 * 1024 + 1

    with pytest.raises(Refused, match="larger than 50 MB"):
        replayfiles.upload_replay_file(
            policy=RECOMMENDED, policy_name="X", file=file, by=by(revops), at=AT
        )


# The rows as facts, terms and cells


@st.composite
def past_deals(draw):
    standard = Fraction(draw(st.integers(1, 9_000_000)), 100)
    off = draw(st.sampled_from(["-5", "0", "9.99", "10", "20", "33.333", "40", "100"]))
    heads = draw(st.sampled_from([None, 0, 30, 900]))
    segment = "mid_market" if heads is None else AS_IN_THE_SOURCES.segment_for(heads)
    rate = draw(st.sampled_from(["1", "0.9137"]))
    return PastDeal(
        standard=standard,
        net=standard * (1 - Fraction(off) / 100),
        money=CompanyMoney("USD", Decimal(rate)),
        months=draw(st.sampled_from([1, 12, 13, 36])),
        payment=draw(st.sampled_from([0, 30, 60, 90])),
        billing=draw(st.sampled_from([0, 988, 997])),
        segment=segment,
        heads=heads,
        terms=tuple(draw(st.lists(st.sampled_from([CUSTOM_SLA, CUSTOM_LEGAL]), unique=True))),
    )


@settings(max_examples=30)
@given(st.lists(past_deals(), max_size=8), st.sampled_from([AS_IN_THE_SOURCES, RECOMMENDED]))
def test_cells_say_of_every_candidate_what_each_deal_alone_says(deals, policy):
    present = Judge(policy)
    names = {CUSTOM_SLA.key: "SLA"}
    tried = [Judge(each.apply(policy)) for each in candidates(policy, names, "USD")]
    cells = Cells([present, *tried])
    for deal in deals:
        cells.add(deal)

    for judge in (present, tried[0], tried[-1]):
        together = sorted(o.key for cell, o in cells.judged(judge) for _ in range(cell.count))
        alone = sorted(judge_in_full(judge.policy, terms_of_deal(deal)).key for deal in deals)
        assert together == alone


def test_an_amount_is_exposed_only_where_somebody_drops_out():
    deal = PastDeal(
        Fraction(100), Fraction(85), CompanyMoney("USD"), 12, 30, 0, "mid_market", None, ()
    )
    present = Judge(AS_IN_THE_SOURCES)
    cells = Cells([present])
    cells.add(deal)
    now = outcomes(cells, present)
    bands = tuple(replace(band, roles=()) for band in AS_IN_THE_SOURCES.prices[0].bands)
    free = replace(AS_IN_THE_SOURCES, prices=(replace(AS_IN_THE_SOURCES.prices[0], bands=bands),))

    none, all_of_it = (
        effect_of(Candidate("x", "x", lambda _, to=to: to), cells, now, AS_IN_THE_SOURCES)
        for to in (AS_IN_THE_SOURCES, free)
    )

    assert (none.removed, none.exposed) == (0, 0)
    assert (all_of_it.removed, all_of_it.freed, all_of_it.exposed) == (1, 1, 850_000)
    assert facts_of_deal(deal).net == 850_000


# The pages


@pytest.fixture
def administrator(client, revops):
    client.force_login(revops)
    return client


@pytest.mark.django_db
def test_from_the_upload_to_the_page(administrator):
    text = "Deal;Amount;Discount %;Payment terms\n1;9000,50;15,0;Net 30\n2;1000;5;Net 90\n"
    file = SimpleUploadedFile("export.csv", text.encode("cp1252"))
    answer = administrator.post(
        reverse("dealdesk:replay-file-list"), {"policy": "preset-recommended", "file": file}
    )
    upload = ReplayFile.objects.get()
    assert answer.url == reverse("dealdesk:replay-file-map", args=[upload.pk])

    drawn = administrator.get(answer.url)
    entity = drawn.context["drawn"]["entities"][0]
    chosen = {row.name: row.drawn.column for row in entity.fields if row.drawn.column}
    assert chosen == {
        "past_deal.amount": "Amount",
        "past_deal.discount_percent": "Discount %",
        "past_deal.payment": "Payment terms",
    }
    data = {f"{name}.column": column for name, column in chosen.items()}
    data |= {f"file.{row['key']}": row["value"] for row in drawn.context["drawn"]["file"]}
    answer = administrator.post(answer.url, data | {"act": "judge", "version": upload.version})

    page = administrator.get(answer.url).content.decode()
    assert "data-print" in page
    assert "Requests per role" in page
    assert ReplayFile.objects.get().outcome["deals"] == 2
    administrator.post(reverse("dealdesk:replay-file-keep", args=[upload.pk]))
    assert "no row of the file" in administrator.get(upload.get_absolute_url()).content.decode()
    administrator.post(reverse("dealdesk:replay-file-drop", args=[upload.pk]))
    assert not ReplayFile.objects.exists()


@pytest.mark.django_db
def test_a_mapping_that_says_too_little_is_drawn_again(administrator, revops):
    upload = uploaded(revops, "net,off\n1,2\n")
    address = reverse("dealdesk:replay-file-map", args=[upload.pk])

    answer = administrator.post(address, {"act": "judge", "past_deal.amount.column": "net"})

    assert answer.status_code == 422
    assert "two of discount percent" in answer.content.decode()
    stale = administrator.post(
        address,
        {
            "act": "judge",
            "version": "99",
            "past_deal.amount.column": "net",
            "past_deal.discount_percent.column": "off",
        },
    )
    assert stale.status_code == 409


@pytest.mark.django_db
def test_only_revops_opens_files(client, revops, rep, vp):
    upload = judged(revops, "net,off\n100,25\n")
    for person in (rep, vp):
        client.force_login(person)
        for name in ("result", "map", "progress", "examples"):
            address = reverse(f"dealdesk:replay-file-{name}", args=[upload.pk])
            assert client.get(address).status_code == 403
        assert client.get(reverse("dealdesk:replay-file-list")).status_code == 403
        with pytest.raises(NotAllowed):
            replayfiles.keep_file_result(upload=upload, by=by(person), at=AT)


def table(name):
    with (DATA / f"{name}.csv").open() as file:
        return list(csv.DictReader(file))


DATA = Path("/work/shared/data/maven_crm_sales")


@pytest.mark.django_db
@pytest.mark.skipif(not DATA.exists(), reason="the real data is not on this machine")
def test_real_deals_are_judged(revops):
    """Deals with a list price and what they closed at, by a system that nobody here wrote."""
    prices = {row["product"]: row["sales_price"] for row in table("products")}
    won = [row for row in table("sales_pipeline") if row["deal_stage"] == "Won"][:1500]
    rows = [f"{row['close_value']},{prices.get(row['product'], '')}" for row in won]

    mapping = MAPPING.replace("{net}", "{Close Value}").replace(
        'discount_percent = "{off}"', 'list_amount = "{List}"'
    )

    found = judged(revops, "Close Value,List\n" + "\n".join(rows), mapping).outcome

    # One product is spelled in another way than in its own list, so that it has no price.
    without = sum(row["product"] not in prices for row in won)
    assert found["deals"] == len(won) - without
    assert found["bad_count"] == without
    assert sum(row["count"] for row in found["routes"]) == found["deals"]
