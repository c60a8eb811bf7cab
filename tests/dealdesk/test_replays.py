"""A policy tried on what was submitted: the figures, the list, who may, and how it is kept."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from dealdesk.inputs import policy_in_force
from dealdesk.models import JudgedFacts, ReplayChanges, ReplayRun
from dealdesk.operations import publish_policy, replays
from dealdesk.policy import Role, policy_from_json
from dealdesk.presets import AS_IN_THE_SOURCES, RECOMMENDED
from dealdesk.replaycompare import Change, change_of
from dealdesk.replaying import submissions, without_facts
from dealdesk.replayjudge import Outcome, judge_in_full
from dealdesk.tasks import work_on_replay
from dealdesk.terms import from_canonical
from revops.company.models import Company
from revops.refusals import Conflict, NotAllowed, Refused
from tests.factories.dealdesk import line, make_quote, submit
from tests.factories.people import AT, SYSTEM, by

pytestmark = pytest.mark.django_db
DAY = AT.date()


@pytest.fixture(autouse=True)
def _approvers(manager, vp, desk):
    """Everybody whom the policies here ask."""


def submitted(rep, *offs, **facts):
    return [submit(make_quote(rep, off, **facts)) for off in offs]


def replayed(revops, policy=RECOMMENDED, *, against="in_force", since=DAY, until=DAY):
    run = replays.start_replay(
        policy=policy,
        name="Tried",
        against=against,
        since=since,
        until=until,
        by=by(revops),
        at=AT,
    )
    return replays.work_on_replay(run=run, by=SYSTEM, at=lambda: AT)


def test_both_sides_are_counted_with_their_amounts_and_hours(rep, revops, vp, manager):
    submitted(rep, 5, 15, 25)
    submit(make_quote(rep, lines=[line(quantity=300)]))

    found = replayed(revops).outcome

    assert found["submissions"] == 4
    assert (found["before"]["automatic"], found["after"]["automatic"]) == (1, 2)
    assert Decimal(found["after"]["automatic_net"]) == 39500
    assert found["before"]["roles"]["deal_desk"] == [1, 24]
    assert "deal_desk" not in found["after"]["roles"]
    assert found["kinds"] == [{"kind": "freed", "count": 1, "net": "30000.0000"}]
    assert found["routes"][0]["before"] == "deal_desk"


def test_held_against_what_really_happened(rep, revops, manager):
    submitted(rep, 15)
    publish_policy(policy=RECOMMENDED, label="New", by=by(revops), at=AT)
    stricter = replace(
        RECOMMENDED,
        prices=(replace(RECOMMENDED.prices[0], bands=RECOMMENDED.prices[0].bands[:1]),),
    )

    found = replayed(revops, stricter, against="was").outcome

    assert found["before"]["roles"] == {"sales_manager": [1, 4]}
    assert found["kinds"][0]["kind"] == "freed"


def test_the_version_held_against_is_named_and_kept(rep, revops):
    run = replayed(revops)

    assert run.version_against == policy_in_force()[0]
    assert policy_from_json(run.policy_body) == RECOMMENDED
    with pytest.raises(Conflict):
        replays.finish_replay(run=run, comparison=None, by=SYSTEM, at=AT)


def test_every_day_counts_in_the_company_s_zone_both_ends_included(rep, revops):
    Company.objects.update(zone="Pacific/Kiritimati")
    submitted(rep, 5)
    there = Company.get().local_day(AT)

    assert replayed(revops, since=there, until=there).outcome["submissions"] == 1
    before = there - timedelta(days=1)
    assert replayed(revops, since=before, until=before).outcome["submissions"] == 0


def test_facts_are_frozen_once(rep, revops):
    submitted(rep, 5, 25)
    JudgedFacts.objects.all().delete()

    replayed(revops)

    assert JudgedFacts.objects.count() == 2
    assert not without_facts(submissions(DAY, DAY)).exists()


def test_facts_of_an_older_reading_are_taken_anew(rep, revops):
    (request,) = submitted(rep, 25)
    replayed(revops)
    JudgedFacts.objects.update(schema=0, body="[]")

    found = replayed(revops).outcome

    assert found["after"]["roles"] == {"vp_sales": [1, 8]}
    route = judge_in_full(RECOMMENDED, from_canonical(request.snapshot.body))
    assert route.key == "vp_sales"


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        ("vp_sales", "automatic", Change.FREED),
        ("automatic", "vp_sales", Change.ASKED),
        ("finance+legal", "legal", Change.FEWER),
        ("legal", "finance+legal", Change.MORE),
        ("legal", "vp_sales", Change.OTHER),
        ("legal", "refused", Change.REFUSED),
        ("refused", "automatic", Change.JUDGED),
        ("legal", "legal", Change.SAME),
        ("refused", "refused", Change.SAME),
    ],
)
def test_each_change_has_its_name(before, after, change):
    assert change_of(outcome(before), outcome(after)) is change


def outcome(key, steps=()):
    roles = () if key in ("automatic", "refused") else tuple(map(Role, key.split("+")))
    return Outcome(key, roles, (8,) * len(roles), steps)


def test_the_same_people_in_another_order_is_a_change():
    one = outcome("legal", (("legal", 1, "first_response", (1,)),))
    two = outcome("legal", (("legal", 2, "first_response", (1,)),))

    assert change_of(one, two) is Change.ORDER
    assert change_of(outcome("legal"), two) is Change.SAME


def test_only_revops_tries_policies(rep, vp, revops, client):
    run = replayed(revops)
    for person in (rep, vp):
        with pytest.raises(NotAllowed):
            replays.drop_replay(run=run, by=by(person), at=AT)
        client.force_login(person)
        for name, args in (
            ("policy-replay", []),
            ("policy-replay-result", [run.pk]),
            ("policy-replay-progress", [run.pk]),
            ("policy-replay-export", [run.pk, "csv"]),
        ):
            assert client.get(reverse(f"dealdesk:{name}", args=args)).status_code == 403


def test_days_in_the_wrong_order_are_refused(revops):
    with pytest.raises(Refused, match="first day"):
        replayed(revops, since=DAY, until=DAY - timedelta(days=1))


def test_old_replays_are_forgotten_and_dead_ones_given_up(rep, revops):
    submitted(rep, 25)
    old = replayed(revops, AS_IN_THE_SOURCES)
    dead = replays.start_replay(
        policy=RECOMMENDED,
        name="X",
        against="was",
        since=DAY,
        until=DAY,
        by=by(revops),
        at=AT + timedelta(days=30),
    )

    gone = replays.forget_old_replays(by=SYSTEM, at=AT + timedelta(days=31))

    assert gone == 1
    assert not ReplayRun.objects.filter(pk=old.pk).exists()
    assert ReplayRun.objects.get(pk=dead.pk).state == "failed"
    assert not ReplayChanges.objects.filter(run=old.pk).exists()


def test_what_breaks_off_says_so(revops, monkeypatch):
    run = replays.start_replay(
        policy=RECOMMENDED, name="X", against="was", since=DAY, until=DAY, by=by(revops), at=AT
    )
    monkeypatch.setattr(replays, "work_on_replay", lambda **_: 1 / 0)

    work_on_replay(run.pk)

    run.refresh_from_db()
    assert run.state == "failed"
    assert "log" in run.outcome["error"]


# The pages


@pytest.fixture
def administrator(client, revops):
    client.force_login(revops)
    return client


def start(client, **facts):
    data = {"policy": "preset-recommended", "months": "12", "against": "in_force"} | facts
    return client.post(reverse("dealdesk:policy-replay"), data)


def test_a_short_replay_is_done_at_once(rep, administrator, django_assert_max_num_queries):
    submit(make_quote(rep, 5), at=timezone.now())
    submit(make_quote(rep, lines=[line(quantity=300)]), at=timezone.now())

    answer = start(administrator)

    run = ReplayRun.objects.get()
    assert answer.url == run.get_absolute_url()
    assert run.state == "done"
    with django_assert_max_num_queries(30):
        page = administrator.get(answer.url).content.decode()
    assert "Becomes automatic" in page
    assert "version 1" in page


def test_a_long_replay_goes_to_a_worker(rep, administrator, monkeypatch):
    monkeypatch.setattr("dealdesk.views.replays.seconds_needed", lambda *_: 99)
    asked = []
    monkeypatch.setattr(work_on_replay, "delay", asked.append)

    answer = start(administrator)

    run = ReplayRun.objects.get()
    assert asked == [run.pk]
    assert run.is_at_work
    assert "hx-get" in administrator.get(answer.url).content.decode()
    work_on_replay(run.pk)
    progress = administrator.get(reverse("dealdesk:policy-replay-progress", args=[run.pk]))
    assert progress["HX-Refresh"] == "true"


def test_the_list_is_paged_filtered_and_taken_along(rep, administrator, revops, monkeypatch):
    monkeypatch.setattr("dealdesk.views.replays.PAGE", 2)
    monkeypatch.setattr(replays, "CHUNK", 2)
    for number in range(5):
        submit(make_quote(rep, lines=[line(quantity=300 + number)]))
    run = replayed(revops)
    address = run.get_absolute_url()

    pages = [administrator.get(address, {"page": page}).context for page in (1, 2, 3, 99)]

    assert [len(page["rows"]) for page in pages] == [2, 2, 1, 1]
    nets = [row["net"] for page in pages[:3] for row in page["rows"]]
    assert nets == [30000 + 100 * number for number in range(5)]
    assert administrator.get(address, {"kind": "more"}).context["total"] == 5
    assert administrator.get(address, {"kind": "freed", "page": "x"}).context["total"] == 5
    export = reverse("dealdesk:policy-replay-export", args=[run.pk, "csv"])
    lines = b"".join(administrator.get(export).streaming_content).decode().splitlines()
    assert len(lines) == 6
    assert "Becomes automatic" in lines[1]
    assert administrator.get(export.replace("csv", "pdf")).status_code == 404


def test_a_replay_of_nothing_says_so(administrator):
    answer = start(administrator)

    assert "Nothing was submitted" in administrator.get(answer.url).content.decode()


def test_a_replay_can_be_forgotten(administrator, revops):
    run = replayed(revops)

    answer = administrator.post(reverse("dealdesk:policy-replay-drop", args=[run.pk]))

    assert answer.status_code == 302
    assert not ReplayRun.objects.exists()


def test_a_policy_that_is_none_is_refused(administrator):
    assert start(administrator, policy="version-99").status_code == 422
    assert start(administrator, months="9999").status_code == 422


def test_months_before_keeps_to_the_calendar():
    from dealdesk.forms.replays import months_before

    assert months_before(date(2026, 3, 31), 1) == date(2026, 2, 28)
    assert months_before(date(2026, 1, 15), 13) == date(2024, 12, 15)
