"""What another system tells of a deal's past: added before what is known, never against it."""

from datetime import UTC, date, datetime

import pytest

from pipeline.imports import import_deals, import_stage_history
from pipeline.imports.deals import deals_kind
from pipeline.imports.history import history_kind
from pipeline.models import Deal, StageVisit
from pipeline.operations import add_stage_history, advance_deal
from revops import integrity
from revops.imports.drafts import BadRows, draft_file
from revops.imports.mapping import parse_mapping
from revops.people.actor import Actor, Via
from revops.refusals import NotAllowed, Refused
from tests.factories.people import AT, by
from tests.factories.pipeline import complete, make_deal, make_pipeline

IMPORT = Actor.system(Via.IMPORT)
DEALS = """
kind = "deals"
source = "crm"
[deal]
external_id = "{id}"
name = "{id}"
owner = { column = "owner", by = "email" }
stage = "{stage}"
close_date = "{close}"
entered_stage_on = "{since}"
"""
HISTORY = """
kind = "stage-history"
source = "crm"
[visit]
external_id = "{deal}/{stage}/{at}"
deal = "{deal}"
stage = "{stage}"
entered_at = "{at}"
"""


def import_deal(rep, stage="proposal", since=""):
    text = f"id,owner,stage,close,since\nD1,{rep.email},{stage},2026-12-15,{since}\n"
    drafts = draft_file(text.encode(), parse_mapping(DEALS, deals_kind()))
    import_deals(drafts=drafts, by=IMPORT, at=AT)
    return Deal.objects.get(external_id="D1")


def import_history(*rows, **facts):
    lines = "".join(f"D1,{stage},{at}\n" for stage, at in rows)
    drafts = draft_file(f"deal,stage,at\n{lines}".encode(), parse_mapping(HISTORY, history_kind()))
    return import_stage_history(drafts=drafts, by=IMPORT, at=AT, **facts)


def stays(deal):
    visits = deal.visits.select_related("stage")
    rows = sorted(visits, key=lambda visit: (visit.entered_at is None, visit.entered_at, visit.pk))
    return [(visit.stage.key, visit.skipped) for visit in rows]


def test_a_history_tells_where_the_deal_was_and_what_it_jumped(rep):
    deal = import_deal(rep, since="2026-09-01")

    outcome = import_history(
        ("qualified", "2026-06-01"), ("discovery", "2026-07-01T09:30"), ("proposal", "2026-09-01")
    )

    assert outcome.counts["visit"] == {"created": 2, "changed": 0, "unchanged": 1}
    assert stays(deal) == [("qualified", []), ("discovery", []), ("proposal", ["demo"])]
    assert set(deal.visits.values_list("via", flat=True)) == {"import"}
    assert integrity.findings() == []


def test_a_jump_in_a_known_history_is_flagged_like_one_made_here(rep):
    deal = import_deal(rep, since="2026-09-01")

    import_history(("qualified", "2026-06-01"), ("proposal", "2026-09-01"))

    deal.refresh_from_db()
    assert deal.skipped_at == deal.entered_stage_at


def test_an_unknown_history_is_no_jump(rep):
    deal = import_deal(rep)

    assert deal.skipped_at is None
    assert deal.visits.get().skipped == []


def test_a_history_tells_an_import_since_when_the_deal_is_where_it_is(rep):
    deal = import_deal(rep)

    import_history(("demo", "2026-08-01"), ("proposal", "2026-09-01"))

    deal.refresh_from_db()
    assert deal.entered_stage_at == datetime(2026, 9, 1, tzinfo=UTC)
    assert integrity.findings() == []


def test_standings_begin_with_the_history(rep):
    deal = import_deal(rep, since="2026-09-01")

    import_history(("qualified", "2026-06-01"), ("proposal", "2026-09-01"))

    standings = list(deal.standings.order_by("since").values_list("stage__key", flat=True))
    assert standings[0] == "qualified"
    assert deal.standings.filter(until=None).count() == 1


def test_a_history_imported_twice_adds_nothing(rep):
    deal = import_deal(rep, since="2026-09-01")
    rows = [("qualified", "2026-06-01"), ("proposal", "2026-09-01")]
    import_history(*rows)

    outcome = import_history(*rows)

    assert outcome.counts["visit"] == {"created": 0, "changed": 0, "unchanged": 2}
    assert deal.visits.count() == 2


def test_a_dry_run_writes_nothing(rep):
    deal = import_deal(rep, since="2026-09-01")

    import_history(("qualified", "2026-06-01"), dry_run=True)

    assert deal.visits.count() == 1


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([("demo", "2026-10-01")], "contradicts the moves that are known here"),
        ([("nowhere", "2026-06-01")], "no stage of the deal's pipeline"),
        ([("demo", "2027-06-01")], "has not come yet"),
        ([("demo", "2026-06-01"), ("demo", "2026-07-01")], "twice in a row"),
    ],
)
def test_a_history_that_contradicts_what_is_known_is_refused_whole(rep, rows, why):
    deal = import_deal(rep, since="2026-09-01")

    with pytest.raises(BadRows) as refusal:
        import_history(("qualified", "2026-05-01"), *rows)

    assert {why in bad.reason for bad in refusal.value.outcome.bad} == {True}
    assert deal.visits.count() == 1


def test_bad_histories_can_be_left_out(rep):
    import_deal(rep, since="2026-09-01")

    outcome = import_history(("nowhere", "2026-06-01"), skip_bad=True)

    assert outcome.written
    assert StageVisit.objects.count() == 1


def test_a_deal_that_moved_here_takes_only_what_was_before(rep, revops):
    deal = complete(make_deal(rep))
    advance_deal(deal=deal, by=by(rep), at=AT)

    history = [("qualified", date(2026, 5, 1)), ("demo", date(2026, 6, 1))]
    add_stage_history(deal=deal, history=history, by=by(revops), at=AT)

    assert deal.visits.count() == 4
    assert integrity.findings() == []


def test_only_revops_tells_a_deal_its_past(rep):
    with pytest.raises(NotAllowed):
        add_stage_history(
            deal=make_deal(rep), history=[("demo", date(2026, 5, 1))], by=by(rep), at=AT
        )


def test_a_stage_of_another_pipeline_is_no_past(rep, revops):
    make_pipeline()

    with pytest.raises(Refused, match="no stage of the deal's pipeline"):
        add_stage_history(
            deal=make_deal(rep),
            history=[("renewal-offer", date(2026, 5, 1))],
            by=by(revops),
            at=AT,
        )
