"""Lets the teardown of a transactional test empty tables whose history is otherwise kept."""

import pytest


@pytest.fixture(scope="session", autouse=True)
def _history_may_be_flushed():
    from django.test import TransactionTestCase

    from revops import triggers

    teardown = TransactionTestCase._fixture_teardown

    def lifted_teardown(self):
        with triggers.lifted():
            teardown(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lifted_teardown)
        yield
