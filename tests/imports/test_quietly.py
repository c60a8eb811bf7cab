import pytest

from revops.outbox.models import Delivery, Notification
from revops.outbox.operations import notify, quietly
from tests.foundation import AT, make_person


@pytest.mark.django_db
def test_what_is_told_quietly_is_on_record_and_not_mailed():
    person = make_person("Rita Reyes")

    with quietly():
        notify(person, "deal.skipped", about=person, dedupe_key="1", at=AT)

    assert Notification.objects.count() == 1
    assert not Delivery.objects.exists()
    notify(person, "deal.skipped", about=person, dedupe_key="2", at=AT)
    assert Delivery.objects.count() == 1
