import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from pipeline.models import AlertPreference, DigestSent, StageAction
from tests.factories.pipeline import make_deal, stage
from tests.pipeline.alerts.telling import DAY, STALE_AT, START, digests, stale_deal, sweep, told

pytestmark = pytest.mark.django_db


def page(client, person, name, *args):
    client.force_login(person)
    return client.get(reverse(f"pipeline:{name}", args=args))


def test_the_list_shows_what_stands_for_its_reader_alone(client, rep, other_rep):
    stale_deal(rep)
    stale_deal(other_rep, "Other deal")
    sweep()

    text = page(client, rep, "alert-list").content.decode()

    assert "Acme rollout" in text
    assert "Move it on or close it" in text
    assert "Other deal" not in text


def test_the_list_costs_the_same_however_long(client, rep):
    stale_deal(rep)
    sweep()
    page(client, rep, "alert-list")
    with CaptureQueriesContext(connection) as few:
        page(client, rep, "alert-list")
    for number in range(12):
        stale_deal(rep, f"Deal {number}")
    sweep(STALE_AT + DAY)
    with CaptureQueriesContext(connection) as many:
        page(client, rep, "alert-list")

    assert len(many) <= len(few) + 1


@pytest.mark.parametrize("role", ["rep", "manager", "revops", "auditor", "outsider"])
def test_everybody_chooses_how_they_are_told(client, request, role):
    person = request.getfixturevalue(role)
    assert page(client, person, "alert-choose").status_code == 200

    answer = client.post(
        reverse("pipeline:alert-choose"), {"cadence": "daily", "version": 1}, follow=True
    )

    assert answer.status_code == 200
    chosen = AlertPreference.objects.get(person=person)
    assert (chosen.cadence, chosen.weekly_digest) == ("daily", False)


def test_a_wrong_choice_is_refused(client, rep):
    client.force_login(rep)

    answer = client.post(reverse("pipeline:alert-choose"), {"cadence": "hourly"})

    assert answer.status_code == 422
    assert not AlertPreference.objects.exists()


def test_a_choice_over_a_newer_one_is_a_conflict(client, rep):
    client.force_login(rep)
    address = reverse("pipeline:alert-choose")
    client.post(address, {"cadence": "daily"})

    answer = client.post(address, {"cadence": "weekly", "version": 1})

    assert answer.status_code == 409
    assert AlertPreference.objects.get().cadence == "daily"


@pytest.fixture
def digest(rep):
    stale_deal(rep)
    digests(START + 21 * DAY)
    return DigestSent.objects.get(person=rep)


def test_a_digest_opens_and_each_figure_opens_its_deals(client, rep, digest):
    answer = page(client, rep, "digest-detail", digest.pk)

    assert "Open pipeline" in answer.content.decode()
    for key, there in {"open": True, "stale": True, "pushed": False}.items():
        text = page(client, rep, "digest-section", digest.pk, key).content.decode()
        assert ("Acme rollout" in text) == there


@pytest.mark.parametrize("role", ["other_rep", "manager", "revops"])
def test_the_digest_of_another_is_not_there(client, request, digest, role):
    person = request.getfixturevalue(role)

    assert page(client, person, "digest-detail", digest.pk).status_code == 404
    assert page(client, person, "digest-section", digest.pk, "open").status_code == 404


def test_a_figure_that_no_digest_has_is_not_there(client, rep, digest):
    assert page(client, rep, "digest-section", digest.pk, "nonsense").status_code == 404


def test_a_morning_on_which_nothing_was_said_has_no_page(client, rep):
    digests(START + 7 * DAY)
    row = DigestSent.objects.get(person=rep)

    assert told(rep, "digest.weekly") == []
    assert page(client, rep, "digest-detail", row.pk).status_code == 404


def test_revops_sets_the_tasks_of_stages(client, revops, rep):
    make_deal(rep)
    assert "Discovery questionnaire" in page(client, revops, "stage-action-list").content.decode()
    pk = stage("discovery").pk
    added = client.post(
        reverse("pipeline:stage-action-add"),
        {"stage": pk, f"stage{pk}-title": "Call back", f"stage{pk}-due_hours": 4},
    )
    assert added.status_code == 302

    action = StageAction.objects.get(title="Call back")
    removed = client.post(
        reverse("pipeline:stage-action-retire", args=[action.pk]), {"version": action.version}
    )

    action.refresh_from_db()
    assert removed.status_code == 302
    assert action.retired_at


def test_a_task_that_is_there_already_is_refused_beside_its_form(client, revops):
    client.force_login(revops)
    pk = stage("discovery").pk

    answer = client.post(
        reverse("pipeline:stage-action-add"),
        {"stage": pk, f"stage{pk}-title": "discovery questionnaire", f"stage{pk}-due_hours": 4},
    )

    assert answer.status_code == 422
    assert "brings this task already" in answer.content.decode()


@pytest.mark.parametrize("role", ["rep", "manager", "auditor", "outsider"])
def test_nobody_else_does(client, request, role):
    person = request.getfixturevalue(role)

    assert page(client, person, "stage-action-list").status_code == 403
    assert client.post(reverse("pipeline:stage-action-add"), {}).status_code == 403
