import threading
from datetime import timedelta

import pytest
from django.db import connection

from pipeline import operations
from pipeline.models import Account, Activity
from revops.apikeys.models import IdempotencyKey
from revops.apikeys.operations import claim_key, sweep_keys
from revops.people.actor import Via
from revops.refusals import Refused
from tests.api.conftest import NOW
from tests.factories.people import AT, by
from tests.factories.pipeline import make_deal

KEY = "6f1c"
DAY = timedelta(hours=24)


def enter(caller, name="Acme", key=KEY, **headers):
    return caller.post("accounts/", {"name": name}, Idempotency_Key=key, **headers)


@pytest.mark.django_db
def test_same_request_with_the_same_key_happens_once(rep, api):
    caller = api(rep)

    first, second = enter(caller), enter(caller)

    assert Account.objects.count() == 1
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert second["ETag"] == first["ETag"]
    assert second["Content-Type"] == "application/json"
    assert second["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first


@pytest.mark.django_db
def test_refusal_is_replayed_as_it_was(rep, api):
    deal = make_deal(rep, stage="discovery")
    caller = api(rep)

    first = caller.post(f"deals/{deal.pk}/advance/", Idempotency_Key=KEY)
    second = caller.post(f"deals/{deal.pk}/advance/", Idempotency_Key=KEY)

    assert first.status_code == second.status_code == 422
    assert first.json() == second.json()
    assert second["Content-Type"] == "application/problem+json"


@pytest.mark.django_db
def test_key_of_another_body_is_refused(rep, api):
    caller = api(rep)
    enter(caller)

    response = enter(caller, name="Bolt")

    assert response.status_code == 422
    assert response.json()["code"] == "key_reused"
    assert Account.objects.count() == 1


@pytest.mark.django_db
def test_key_of_another_address_is_refused(rep, api):
    caller = api(rep)
    enter(caller)

    assert caller.post("contacts/", {"name": "Acme"}, Idempotency_Key=KEY).status_code == 422


@pytest.mark.django_db
def test_keys_of_two_people_are_two_keys(rep, other_rep, api):
    assert enter(api(rep)).status_code == enter(api(other_rep)).status_code == 201
    assert Account.objects.count() == 2


@pytest.mark.django_db
def test_request_without_a_key_happens_each_time(rep, api):
    caller = api(rep)
    caller.post("accounts/", {"name": "Acme"}), caller.post("accounts/", {"name": "Acme"})

    assert Account.objects.count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "\t"])
def test_key_that_is_none_is_an_error(rep, api, key):
    assert enter(api(rep), key=key).status_code == 400


@pytest.mark.django_db
def test_request_while_the_first_is_at_work_is_a_conflict(rep, api, clock):
    caller = api(rep)
    enter(caller)
    IdempotencyKey.objects.update(answered_at=None, status=None)

    response = enter(caller)
    assert response.status_code == 409
    assert response.json()["code"] == "key_in_use"

    clock.shift(timedelta(minutes=3))
    assert enter(caller).json()["code"] == "outcome_unknown"
    assert Account.objects.count() == 1


@pytest.mark.django_db
def test_failure_of_ours_leaves_the_outcome_unknown(rep, api, monkeypatch, clock):
    caller = api(rep)
    caller.client.raise_request_exception = False
    with monkeypatch.context() as broken:
        broken.setattr(operations, "create_account", lambda **facts: 1 / 0)
        assert enter(caller).status_code == 500

    clock.shift(timedelta(minutes=3))
    assert enter(caller).json()["code"] == "outcome_unknown"


@pytest.mark.django_db
def test_expired_key_is_a_new_one(rep, api, clock):
    caller = api(rep)
    enter(caller)
    clock.shift(DAY)

    assert "Idempotency-Replayed" not in enter(caller, name="Bolt")
    assert Account.objects.count() == 2


@pytest.mark.django_db
def test_sweep_forgets_expired_keys_and_no_others(rep, api):
    enter(api(rep))

    assert sweep_keys(at=NOW + DAY - timedelta(seconds=1)) == 0
    assert sweep_keys(at=NOW + DAY) == 1


@pytest.mark.django_db
def test_a_key_never_outlives_what_it_was_used_for(rep):
    actor = by(rep, Via.API)
    claim_key(key=KEY, path="/a/", request_hash="1", by=actor, at=AT)

    with pytest.raises(Refused, match="another request"):
        claim_key(key=KEY, path="/b/", request_hash="1", by=actor, at=AT)
    row, is_mine = claim_key(key=KEY, path="/b/", request_hash="1", by=actor, at=AT + DAY)

    assert is_mine
    assert row.path == "/b/"


@pytest.mark.django_db(transaction=True)
def test_of_many_requests_at_once_one_happens(rep, api):
    deal = make_deal(rep)
    callers = [api(rep) for _ in range(6)]
    barrier, answers = threading.Barrier(len(callers)), []

    def call(caller):
        barrier.wait()
        body = {"kind": "call", "side": "us"}
        answers.append(
            caller.post(f"deals/{deal.pk}/activities/", body, Idempotency_Key=KEY).status_code
        )
        connection.close()

    threads = [threading.Thread(target=call, args=[caller]) for caller in callers]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]

    assert Activity.objects.count() == 1
    assert set(answers) <= {201, 409}
    assert 201 in answers
