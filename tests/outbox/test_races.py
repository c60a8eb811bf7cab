import threading

import pytest
from django.db import connection, transaction

from revops.outbox.models import Delivery
from revops.outbox.operations import notify, try_delivery
from tests.foundation import AT, make_person


@pytest.mark.django_db(transaction=True)
def test_ten_workers_send_a_mail_once(smtp_server):
    with transaction.atomic():
        ana = make_person("Ana Ruiz")
        notify(
            ana,
            "person.admitted",
            about=ana,
            dedupe_key="once",
            at=AT,
            context={"company": "Tailwind", "admitted_by": "Bo"},
        )
    delivery = Delivery.objects.get()
    start = threading.Barrier(10)

    def work():
        start.wait()
        try:
            try_delivery(delivery_id=delivery.pk, at=AT)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(10)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert len(smtp_server.messages) == 1
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == (Delivery.State.SENT, 1)
