"""`manage.py run`: the whole deal desk on this machine, until Ctrl-C."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import BaseCommand, CommandError, call_command, get_commands

from revops.devmail import start_mail_server

HOST = "127.0.0.1"
SECONDS_TO_START = 60
SECONDS_TO_STOP = 8


class Command(BaseCommand):
    help = "Prepare the database and run web server, worker, beat and a mail server, until Ctrl-C."

    def handle(self, **options) -> None:
        refuse_taken_port(settings.PORT)
        stop = stop_requested()
        call_command("migrate", verbosity=0)
        self.load_demo_into_an_empty_database()

        mail = None
        environment = {"LOG_LEVEL": "WARNING", **os.environ, "PORT": str(settings.PORT)}
        if not environment.get("EMAIL_URL"):
            mail, port = start_mail_server(settings.VAR_DIR / "mail")
            environment["EMAIL_URL"] = f"smtp://{HOST}:{port}"
        children = {name: start(command, environment) for name, command in commands().items()}
        try:
            if self.wait_until_ready(children, stop):
                self.welcome()
                self.watch(children, stop)
        finally:
            stop_all(children.values())
            if mail:
                mail.stop()
            self.stdout.write("Stopped.")

    def load_demo_into_an_empty_database(self) -> None:
        if os.environ.get("DEMO") == "0" or get_user_model().objects.exists():
            return
        if "load_demo" in get_commands():
            self.stdout.write("Loading the demo company…")
            call_command("load_demo")

    def wait_until_ready(self, children, stop: Stop) -> bool:
        """Whether the site answered with a page before anything stopped it."""
        until = time.monotonic() + SECONDS_TO_START
        while not stop.is_asked:
            fail_if_one_ended(children)
            if answers("/healthz") and answers("/accounts/login/"):
                return True
            if time.monotonic() > until:
                raise CommandError(f"The site did not answer within {SECONDS_TO_START} seconds.")
            stop.wait(0.1)
        return False

    def watch(self, children, stop: Stop) -> None:
        while not stop.wait(0.5):
            fail_if_one_ended(children)

    def welcome(self) -> None:
        address = f"http://{HOST}:{settings.PORT}"
        self.stdout.write(f"Ready: {address}")
        people = get_user_model().objects.filter(is_active=True, admitted_at__isnull=False)
        if not people.exists():
            self.stdout.write(f"Nobody is here yet: open {address}/setup/ to begin.")
        elif settings.DEBUG:
            self.stdout.write(
                f"Sign in with any of these and the password {settings.DEMO_PASSWORD}"
            )
            for person in people.order_by("pk")[:12]:
                roles = ", ".join(sorted(str(role).replace("_", " ") for role in person.roles))
                self.stdout.write(f"  {person.email:<36} {roles}")
        self.stdout.write("Ctrl-C stops everything.")


def commands() -> dict[str, list[str]]:
    # On a machine that has only root, Celery's warning about it says nothing new.
    quiet = ["-W", "ignore:You're running the worker with superuser"]
    celery = [sys.executable, *quiet, "-m", "celery", "--quiet", "-A", "revops"]
    return {
        "web server": [
            *(sys.executable, "-m", "gunicorn", "revops.wsgi", "--bind", f"{HOST}:{settings.PORT}"),
            *("--worker-class", "gthread", "--threads", "8", "--graceful-timeout", "3"),
            *("--log-level", "warning", "--no-control-socket"),
        ],
        "worker": [
            *(*celery, "worker", "--pool", "threads", "--concurrency", "2"),
            *("--without-gossip", "--without-mingle", "--loglevel", "WARNING"),
        ],
        "beat": [*celery, "beat", "--pidfile=", "--loglevel", "WARNING"],
    }


def start(command: list[str], environment: dict[str, str]) -> subprocess.Popen:
    # Each in a session of its own: Ctrl-C reaches this process alone, which then stops them in
    # order, and whatever a child has started goes with it.
    return subprocess.Popen(command, env=environment, cwd=settings.BASE_DIR, start_new_session=True)


def stop_all(children) -> None:
    for child in children:
        signal_session(child, signal.SIGTERM)
    until = time.monotonic() + SECONDS_TO_STOP
    for child in children:
        try:
            child.wait(max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            pass
    for child in children:
        signal_session(child, signal.SIGKILL)
        child.wait()


def signal_session(child: subprocess.Popen, number: int) -> None:
    try:
        os.killpg(child.pid, number)
    except ProcessLookupError:
        pass


class Stop:
    """Whether something asked to stop; `wait` says so as soon as it does.

    A plain flag: the lock of an Event may be held by the very wait that a signal interrupts, and
    a second signal would then wait for itself.
    """

    is_asked = False

    def ask(self, number: int, frame: object) -> None:
        self.is_asked = True

    def wait(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while not self.is_asked and (left := until - time.monotonic()) > 0:
            time.sleep(min(0.1, left))
        return self.is_asked


def stop_requested() -> Stop:
    """What Ctrl-C, SIGTERM and a closed terminal set; stopping itself is not interrupted."""
    stop = Stop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop.ask)
    return stop


def fail_if_one_ended(children: dict[str, subprocess.Popen]) -> None:
    for name, child in children.items():
        if child.poll() is not None:
            raise CommandError(f"The {name} ended by itself (exit code {child.returncode}).")


def answers(path: str) -> bool:
    connection = http.client.HTTPConnection(HOST, settings.PORT, timeout=10)
    try:
        connection.request("GET", path)
        # An installation without people sends the sign-in page on to its set-up.
        return connection.getresponse().status in (200, 302)
    except OSError:
        return False
    finally:
        connection.close()


def refuse_taken_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as exc:
            raise CommandError(f"Port {port} is taken; choose another: PORT=8123 make run") from exc
