from hashlib import sha256

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction
from django.urls import reverse

from revops.ledger.models import Entry
from revops.people.actor import Actor
from revops.refusals import Conflict, NotAllowed, Refused
from revops.work import operations, registry
from revops.work.models import Attachment, Task
from revops.work.operations import attach_file, close_task, open_task, remove_attachment
from tests.foundation import AT, SYSTEM, make_person

pytestmark = pytest.mark.django_db

CONTRACT = b"%PDF-1.7 signed"


@pytest.fixture
def ana():
    return make_person("Ana Ruiz")


def ask(assignee, **facts) -> Task:
    return open_task(
        kind="debt",
        about=assignee,
        title="Add the champion",
        assignee=assignee,
        by=SYSTEM,
        at=AT,
        **facts,
    )


def attach(about, name="contract.pdf", content=CONTRACT, by=SYSTEM) -> Attachment:
    return attach_file(
        file=SimpleUploadedFile(name, content), about=about, kind="contract", by=by, at=AT
    )


def test_a_task_is_closed_once_with_its_result(ana):
    task = close_task(task=ask(ana), result="Ana is the champion.", by=Actor.of(ana), at=AT)

    assert (task.state, task.closed_by) == ("done", ana)
    with pytest.raises(Conflict):
        close_task(task=task, by=SYSTEM, at=AT)


def test_a_sweep_that_asks_twice_opens_one_task(ana):
    assert ask(ana, dedupe_key="champion") == ask(ana, dedupe_key="champion")


def test_who_left_is_given_no_task(ana):
    ana.is_active = False

    with pytest.raises(Refused, match="has left"):
        ask(ana)


def test_a_task_shows_in_the_timeline_of_its_record(ana):
    task = ask(ana)

    assert Entry.objects.about(ana).filter(verb="task.opened", subject_id=task.pk).exists()


def test_a_kept_file_knows_its_size_and_digest(ana):
    attachment = attach(ana)

    assert attachment.sha256 == sha256(CONTRACT).hexdigest()
    assert attachment.size == len(CONTRACT)
    assert "contract" not in attachment.file.name


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("virus.exe", b"MZ", "file_kind"),
        ("page.html", b"<script>", "file_kind"),
        ("drawing.svg", b"<svg>", "file_kind"),
        ("empty.pdf", b"", "file_empty"),
    ],
)
def test_files_that_should_not_be_kept_are_refused(ana, name, content, code):
    with pytest.raises(Refused) as refusal:
        attach(ana, name, content)

    assert refusal.value.code == code


def test_a_file_too_large_is_refused(ana, monkeypatch):
    monkeypatch.setattr(operations, "MOST_BYTES", 3)

    with pytest.raises(Refused, match="larger"):
        attach(ana)


def test_the_name_of_a_file_cannot_lead_elsewhere(ana):
    assert attach(ana, "..\\..\\etc\\con\ntract.pdf").name == "contract.pdf"


def test_a_kept_file_is_never_changed(ana):
    attachment = attach(ana)

    with pytest.raises(DatabaseError), transaction.atomic():
        Attachment.objects.filter(pk=attachment.pk).update(sha256="0" * 64)


def test_a_file_is_served_to_who_may_see_its_record(client, ana):
    registry.register_visibility("user", lambda user, about_id: user.pk == about_id)
    attachment = attach(ana)
    address = reverse("work:attachment-download", args=[attachment.pk])

    client.force_login(ana)
    response = client.get(address)
    assert b"".join(response.streaming_content) == CONTRACT
    assert response["Content-Disposition"] == 'attachment; filename="contract.pdf"'
    assert response["X-Content-Type-Options"] == "nosniff"

    client.force_login(make_person("Bo Berg"))
    assert client.get(address).status_code == 404
    del registry._visibility["user"]


def test_a_file_about_an_unknown_kind_of_record_is_served_to_nobody(client, ana):
    attachment = attach(ana)
    client.force_login(ana)

    address = reverse("work:attachment-download", args=[attachment.pk])

    assert client.get(address).status_code == 404


def test_a_visitor_signs_in_first(client, ana):
    address = reverse("work:attachment-download", args=[attach(ana).pk])

    assert client.get(address).status_code == 302


def test_a_removed_file_is_gone_for_readers_and_kept_for_the_record(client, ana):
    attachment = attach(ana, by=Actor.of(ana))
    with pytest.raises(NotAllowed):
        remove_attachment(attachment=attachment, by=Actor.of(make_person("Bo Berg")), at=AT)

    remove_attachment(attachment=attachment, by=Actor.of(ana), at=AT)

    assert not Attachment.objects.about(ana).exists()
    assert Attachment.objects.filter(pk=attachment.pk).exists()
