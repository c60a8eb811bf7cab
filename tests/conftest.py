"""What every test stands on. The people are in cast.py, the records in factories/."""

from __future__ import annotations

import socket
from pathlib import Path

import hypothesis
import pytest
from playwright.sync_api import expect

from tests.chromium import LAUNCH_ARGUMENTS, chromium
from tests.template import begin_with_template

# A busy machine is no finding: what a property says does not depend on the clock.
hypothesis.settings.register_profile("suite", deadline=None)
hypothesis.settings.load_profile("suite")

pytest_plugins = ["tests.cast", "tests.restoring", "tests.worlds"]

PATIENCE_MS = 20_000
IN_A_BROWSER = Path(__file__).parent / "e2e"


def pytest_collection_modifyitems(items):
    from django.conf import settings

    on_postgres = settings.DATABASES["default"]["ENGINE"].endswith("postgresql")
    for item in items:
        if IN_A_BROWSER in item.path.parents or "page" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)
        if item.get_closest_marker("postgres") and not on_postgres:
            item.add_marker(pytest.mark.skip(reason="needs PostgreSQL: real row locks"))


@pytest.fixture(autouse=True)
def _clean_slate():
    """Counters and caches that outlive a test's transaction."""
    from django.core.cache import cache

    cache.clear()


# The database


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix):
    """Each worker's database begins as the migrated one."""
    from django.conf import settings

    begin_with_template(settings.DATABASES["default"])


@pytest.fixture(scope="session")
def django_db_keepdb(django_db_modify_db_settings):
    """The copied file is there already; PostgreSQL makes a database from the template."""
    from django.conf import settings

    return settings.DATABASES["default"]["ENGINE"].endswith("sqlite3")


# Mail


@pytest.fixture
def smtp_server(settings):
    """A real SMTP server; `.messages` holds what it received, oldest first."""
    from aiosmtpd.controller import Controller

    class Mailbox:
        def __init__(self):
            self.messages = []

        async def handle_DATA(self, server, session, envelope):
            from email import message_from_bytes, policy

            self.messages.append(message_from_bytes(envelope.content, policy=policy.default))
            return "250 Kept"

    mailbox = Mailbox()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    yield mailbox
    controller.stop()


# The browser


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    path = chromium()
    if not path:
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    # A busy machine is no finding here either: what is to be seen may take its time.
    expect.set_options(timeout=PATIENCE_MS)
    return {**browser_type_launch_args, "executable_path": path, "args": LAUNCH_ARGUMENTS}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args):
    return {**browser_context_args, "locale": "en-GB", "timezone_id": "Europe/Berlin"}
