"""The hygiene page, clean-up mode and the clean-up plan."""

from datetime import date, timedelta

import pytest
from django.core.cache import cache

from pipeline.findings.context import read_context
from pipeline.findings.counting import count_findings
from pipeline.models import CleanUpRun, Deal
from pipeline.operations.cleanups import finish_clean_up, start_clean_up, step_clean_up
from revops.ledger.models import Entry
from revops.refusals import Conflict, NotAllowed
from tests.factories.people import AT, by
from tests.factories.pipeline import make_deal, put_into
from tests.pipeline.visiting import NOW, text_of

PLAN = "/hygiene/plan/"
CLEAN = "/hygiene/clean-up/"


@pytest.fixture(autouse=True)
def nothing_kept(now):
    cache.clear()


def messy(owner, name, **facts):
    deal = make_deal(owner, name, next_step="Call")
    Deal.objects.filter(pk=deal.pk).update(**{"buyer_acted_at": AT, **facts})
    return deal


LATE = {"close_date": date(2026, 10, 1)}


# The page


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("rep", 200), ("manager", 200), ("vp", 200), ("revops", 200), ("auditor", 200),
        ("desk", 200), ("outsider", 403), ("customer_success", 403),
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/hygiene/", "/hygiene/deals/", CLEAN])
def test_findings_are_for_those_who_sell_or_see_all(request, visit, who, status, path):
    assert visit(request.getfixturevalue(who)).get(path).status_code == status


def test_a_rep_counts_their_own_a_manager_the_line_and_revops_all(
    visit, rep, other_rep, manager, revops
):
    messy(rep, "Mine", **LATE)
    messy(other_rep, "Theirs", **LATE)
    stranger = make_deal(revops, "Elsewhere")
    Deal.objects.filter(pk=stranger.pk).update(**LATE)

    for who, problems in ((rep, 1), (manager, 2), (revops, 3)):
        assert visit(who).get("/hygiene/").context["total"].problems == problems


def test_counts_by_kind_owner_and_team_lead_to_the_deals(visit, rep, other_rep, manager, team):
    messy(rep, "Late", **LATE)
    messy(rep, "Unplanned", next_step="")
    messy(other_rep, "Silent", buyer_acted_at=NOW - timedelta(days=30))

    page = visit(manager).get("/hygiene/")

    counts = {row.kind.key: row.count for row in page.context["kinds"]}
    assert counts["past_close_date"] == counts["no_next_step"] == counts["buyer_silent"] == 1
    assert [row["row"].problems for row in page.context["owners"]] == [2, 1]
    assert [row["row"].name for row in page.context["teams"]] == ["North"]
    deals = visit(manager).get(f"/hygiene/deals/?kind=no_next_step&owner={rep.pk}")
    assert [row.deal.name for row in deals.context["rows"]] == ["Unplanned"]
    assert "Nobody has said what happens next." in text_of(deals)
    own = visit(rep).get(f"/hygiene/deals/?scope=all&owner={other_rep.pk}").context["rows"]
    assert {row.deal.owner for row in own} == {rep}


def test_the_value_affected_names_a_currency_without_a_rate(visit, rep):
    messy(rep, "Late", **LATE)
    messy(rep, "Foreign", currency="CHF", **LATE)

    value = visit(rep).get("/hygiene/").context["value"]

    assert (value.amount, value.without_rate) == (10_000, ("CHF",))


def test_deals_with_findings_are_paged_by_key_and_sorted(visit, rep, monkeypatch):
    monkeypatch.setattr("pipeline.views.hygiene.ROWS_AT_ONCE", 2)
    for number in range(3):
        messy(rep, f"Late {number}", close_date=date(2026, 10, 3 - number), amount=number)

    first = visit(rep).get("/hygiene/deals/?kind=past_close_date")
    after = first.context["next"]
    second = visit(rep).get(f"/hygiene/deals/?kind=past_close_date&after={after}")
    largest = visit(rep).get("/hygiene/deals/?kind=past_close_date&sort=amount")

    assert [row.deal.name for row in first.context["rows"]] == ["Late 2", "Late 1"]
    assert [row.deal.name for row in second.context["rows"]] == ["Late 0"]
    assert [row.deal.name for row in largest.context["rows"]] == ["Late 2", "Late 1"]


def test_what_clears_a_finding_is_offered_to_those_who_may_do_it(visit, rep, manager, desk):
    messy(rep, "Late", **LATE)
    act = '<a class="btn btn-small"'

    offered = {
        who: act in visit(who).get("/hygiene/deals/?scope=all").text for who in (rep, manager, desk)
    }

    assert offered == {rep: True, manager: True, desk: False}


def test_counting_asks_the_same_number_of_questions_for_any_number_of_deals(
    rep, other_rep, django_assert_num_queries
):
    messy(rep, "One", **LATE)
    context = read_context(NOW)
    for number in range(5):
        messy(other_rep, f"More {number}", next_step="")

    with django_assert_num_queries(2):
        counted = count_findings(Deal.objects.all(), context)

    assert counted.total.problems == 6


# Clean-up mode


def test_clean_up_walks_through_ones_own_findings_the_worst_first(visit, rep, other_rep):
    messy(rep, "Unplanned", next_step="")
    messy(rep, "Late", **LATE)
    messy(other_rep, "Not mine", **LATE)

    page = visit(rep).get(CLEAN)

    assert (page.context["position"], page.context["total"]) == (1, 2)
    assert (page.context["deal"].name, page.context["finding"].kind) == ("Late", "past_close_date")
    following = visit(rep).get(page.context["next_url"])
    assert following.context["deal"].name == "Unplanned"
    assert visit(rep).get(following.context["next_url"]).context["deal"].name == "Late"
    assert visit(rep).get(following.context["previous_url"]).context["deal"].name == "Late"


def test_the_form_clears_the_finding_and_leads_to_the_next(visit, rep):
    deal = messy(rep, "Unplanned", next_step="")
    messy(rep, "Late", **LATE)
    client = visit(rep)
    page = client.get(f"{CLEAN}?at={deal.pk}:no_next_step")

    answer = client.post(page.context["action"], {"next_step": "Call Bea"}, follow=True)

    assert Deal.objects.get(pk=deal.pk).next_step == "Call Bea"
    assert answer.redirect_chain[0][0].startswith(CLEAN)
    assert (answer.context["deal"].name, answer.context["total"]) == ("Late", 1)


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        (LATE, "past_close_date"),
        ({"entered_stage_at": AT - timedelta(days=60)}, "stale"),
        ({"buyer_acted_at": AT - timedelta(days=60)}, "buyer_silent"),
        ({"next_step": ""}, "no_next_step"),
        ({"debt_due_on": date(2026, 10, 1)}, "debt_overdue"),
    ],
)
def test_every_finding_has_its_form_in_place(visit, rep, facts, kind):
    messy(rep, "Messy", **facts)

    page = visit(rep).get(CLEAN)

    assert page.context["finding"].kind == kind
    assert page.context["act"].template
    assert "<form" in text_of(page)


def test_a_decision_maker_is_named_in_place(visit, rep):
    deal = put_into(make_deal(rep, "Messy", next_step="Call"), "demo")
    Deal.objects.filter(pk=deal.pk).update(buyer_acted_at=AT)
    client = visit(rep)
    page = client.get(CLEAN)

    typed = {"role": "decision_maker", "name": "Bea Buyer", "email": "bea@acme.example"}
    answer = client.post(page.context["action"], typed, follow=True)

    assert Deal.objects.get(pk=deal.pk).decision_maker_known
    assert "All clean" in text_of(answer)


def test_a_skipped_finding_comes_back_tomorrow(visit, rep, monkeypatch):
    deal = messy(rep, "Late", **LATE)
    client = visit(rep)

    answer = client.post(f"{CLEAN}skip/", {"mark": f"{deal.pk}:past_close_date"}, follow=True)
    assert "Nothing else for today" in text_of(answer)

    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW + timedelta(days=1))
    assert client.get(CLEAN).context["total"] == 1


def test_skipping_leads_nowhere_else(visit, rep):
    answer = visit(rep).post(f"{CLEAN}skip/", {"mark": "1:stale", "next": "https://evil.example/"})

    assert answer["Location"] == CLEAN


def test_what_is_missing_is_filled_in_from_clean_up(visit, rep):
    deal = messy(rep, "Messy")
    address = f"{CLEAN}{deal.pk}/fill/?what=items_missing&next={CLEAN}"

    answer = visit(rep).post(address, {"item-fit_score": "80"})

    assert (answer.status_code, answer["Location"]) == (302, CLEAN)
    fresh = Deal.objects.get(pk=deal.pk)
    assert fresh.fit_score == 80
    assert fresh.missing_count == 3
    assert visit(rep).post(address, {"item-source": "nowhere"}).status_code == 422


def test_the_rail_counts_ones_own(visit, rep):
    messy(rep, "Late", **LATE)

    page = visit(rep).get(CLEAN)

    assert page.context["left"] == 1


# The plan


@pytest.mark.parametrize(
    ("who", "status"), [("rep", 403), ("manager", 200), ("vp", 200), ("revops", 200), ("desk", 403)]
)
def test_the_plan_is_for_managers_and_revops(request, visit, who, status):
    assert visit(request.getfixturevalue(who)).get(PLAN).status_code == status


def test_a_run_counts_is_resumed_and_ends_with_what_it_left(visit, rep, manager):
    dead = messy(rep, "Dead", entered_stage_at=AT - timedelta(days=90))
    messy(rep, "Late", **LATE)
    client = visit(manager)
    client.post(f"{PLAN}start/")
    run = CleanUpRun.objects.get()
    assert run.counts["dead"] == {"before": 1}
    assert [card.deal for card in client.get(PLAN).context["cards"]] == [dead]

    lost = {"deal": dead.pk, "loss_reason": "timing", "note": ""}
    assert client.post(f"{PLAN}lose/", lost).status_code == 200
    assert Deal.objects.get(pk=dead.pk).status == "lost"
    client.post(f"{PLAN}step/", {"to": 2, "version": run.version})
    run.refresh_from_db()
    assert (run.step, run.counts["dead"]) == (2, {"before": 1, "after": 0})
    assert visit(manager).get(PLAN).context["current"].number == 2

    client.post(f"{PLAN}step/", {"finish": 1, "version": run.version})
    run.refresh_from_db()
    assert run.finished_at is not None
    assert run.counts["dates"] == {"before": 1, "after": 1}
    verbs = Entry.objects.about(run).values_list("verb", flat=True)
    assert set(verbs) == {"cleanup.started", "cleanup.finished"}


def test_a_deal_on_which_something_happened_is_not_dead(visit, rep, manager):
    from pipeline.operations import log_activity

    deal = messy(rep, "Alive", entered_stage_at=AT - timedelta(days=90))
    log_activity(deal=deal, kind="call", side="us", body="Called", by=by(rep), at=AT)

    run = start_clean_up(scope="line", by=by(manager), at=NOW)

    assert run.counts["dead"] == {"before": 0}


def test_one_run_at_a_time_by_whom_it_concerns(manager, rep, vp, revops):
    run = start_clean_up(scope="line", by=by(manager), at=AT)

    with pytest.raises(Conflict):
        start_clean_up(scope="line", by=by(manager), at=AT)
    with pytest.raises(NotAllowed):
        start_clean_up(scope="line", by=by(rep), at=AT)
    with pytest.raises(NotAllowed, match="Only RevOps"):
        start_clean_up(scope="all", by=by(vp), at=AT)
    with pytest.raises(NotAllowed, match="Only who began"):
        step_clean_up(run=run, by=by(vp), at=AT)
    finish_clean_up(run=run, by=by(manager), at=AT)
    with pytest.raises(Conflict, match="finished"):
        step_clean_up(run=run, by=by(manager), at=AT)


def test_every_step_shows_its_deals(visit, rep, manager):
    messy(rep, "Late", **LATE)
    messy(rep, "Ready", missing_count=0)
    client = visit(manager)
    client.post(f"{PLAN}start/")
    for step, names in ((2, {"Late"}), (3, {"Late"}), (4, {"Ready"}), (5, set())):
        client.post(f"{PLAN}step/", {"to": step, "version": CleanUpRun.objects.get().version})
        page = client.get(PLAN)
        assert {card.deal.name for card in page.context["cards"]} == names, step


def test_losing_many_says_which_were_refused(visit, rep, manager):
    first, second = messy(rep, "One"), messy(rep, "Two")
    client = visit(manager)
    client.post(f"{PLAN}start/")

    answer = client.post(
        f"{PLAN}lose/", {"deal": [first.pk, second.pk], "loss_reason": "other", "note": ""}
    )

    assert answer.status_code == 422
    assert [bool(result.refusal) for result in answer.context["results"]] == [True, True]
    assert Deal.objects.open().count() == 2
