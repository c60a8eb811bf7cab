"""What the other tests rely on."""

import socket

import pytest
from django.core.mail import send_mail
from django.db import transaction
from pytest_socket import SocketConnectBlockedError


@pytest.mark.django_db
def test_operations_keep_their_durable_transaction_in_tests():
    with transaction.atomic(durable=True):
        assert transaction.get_connection().in_atomic_block


def test_operation_inside_another_is_refused(transactional_db):
    with (
        transaction.atomic(),
        pytest.raises(RuntimeError, match="durable"),
        transaction.atomic(durable=True),
    ):
        pass


def test_network_is_closed():
    with pytest.raises((SocketConnectBlockedError, UserWarning), match="tried to use socket"):
        socket.create_connection(("192.0.2.1", 80), timeout=1)


def test_mail_goes_through_a_real_server(smtp_server):
    send_mail("Approval needed", "25 % on Acme", None, ["vera@dealdesk.example"])

    assert [message["Subject"] for message in smtp_server.messages] == ["Approval needed"]
