"""The report of every move that no gate judged."""

from datetime import timedelta

import pytest
from django.urls import reverse

from pipeline import bypasses
from pipeline.operations import advance_deal, override_move
from tests.factories.people import AT, SYSTEM, by
from tests.factories.pipeline import complete, make_deal, stage
from tests.pipeline.test_stage_history import import_deal
from tests.pipeline.test_views_lists import queries_of
from tests.pipeline.visiting import text_of

REPORT = "/reports/bypasses/"


def overridden(rep, revops, name="Acme rollout"):
    deal = make_deal(rep, name)
    return override_move(deal=deal, to=stage("discovery"), reason="Board", by=by(revops), at=AT)


def kinds(user, **asked):
    return [each.kind for each in bypasses.told(bypasses.bypasses(user, bypasses.Asked(**asked)))]


def test_overrides_imports_and_system_moves_are_bypasses(rep, revops):
    overridden(rep, revops)
    import_deal(rep)
    advance_deal(deal=complete(make_deal(rep, "Third")), by=SYSTEM, at=AT)

    assert kinds(revops) == ["system", "import", "override"]


def test_a_move_by_a_person_and_a_new_deal_are_none(rep, revops):
    advance_deal(deal=complete(make_deal(rep)), by=by(rep), at=AT)

    assert kinds(revops) == []


def test_bypasses_are_found_by_kind_day_and_person(rep, revops):
    overridden(rep, revops)
    import_deal(rep)
    day = AT.date()

    assert kinds(revops, kind="override") == ["override"]
    assert kinds(revops, person=revops.pk) == ["override"]
    assert kinds(revops, since=day, until=day) == ["override"]
    assert kinds(revops, since=day + timedelta(days=1)) == []
    assert kinds(revops, pipeline="renewal") == []


def test_the_page_names_who_why_and_what_was_bypassed(visit, rep, revops):
    overridden(rep, revops)

    text = text_of(visit(revops).get(REPORT))

    for said in ("Acme rollout", "Rosa Ricci", "Board", "Fit score"):
        assert said in text


def test_a_manager_sees_their_line(visit, rep, manager, revops):
    overridden(rep, revops)

    assert len(visit(manager).get(REPORT).context["rows"]) == 1


def test_a_rep_may_not_read_it(visit, rep):
    assert visit(rep).get(REPORT).status_code == 403


def test_the_report_is_paged_by_key(visit, rep, revops, monkeypatch):
    monkeypatch.setattr("pipeline.views.bypasses.PAGE", 2)
    for number in range(3):
        overridden(rep, revops, f"Deal {number}")
    client = visit(revops)

    page = client.get(REPORT)
    rest = client.get(REPORT + page.context["next"])

    assert len(page.context["rows"]) == 2
    assert [each.visit.deal.name for each in rest.context["rows"]] == ["Deal 0"]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_report_leaves_as_a_file(visit, rep, revops, kind):
    overridden(rep, revops)

    response = visit(revops).get(reverse("pipeline:bypass-export", args=[kind]))

    body = b"".join(response.streaming_content)
    assert body[:2] == b"PK" or b"Acme rollout" in body


def test_the_report_asks_one_number_of_questions(visit, rep, revops):
    overridden(rep, revops)
    client = visit(revops)
    few = queries_of(client, REPORT)
    for number in range(6):
        overridden(rep, revops, f"Deal {number}")

    assert queries_of(client, REPORT) == few
