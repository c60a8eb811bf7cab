"""The pages of an import: who is served, what is refused, and that they need no scripts."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from pipeline.models import Account
from revops.imports.models import FieldWinner, ImportRun, SavedMapping
from revops.imports.tasks import work_on
from tests.imports.files import ACCOUNTS

pytestmark = pytest.mark.django_db
GOOD = "Id;Account Name;Sector\n1;Acme;it\n2;<b>Bolt</b>;Retail\n"


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def admin(client, revops):
    client.force_login(revops)
    return client


def address(name, *args):
    return reverse(f"imports:{name}", args=args)


def upload(client, text=GOOD, kind="accounts", name="accounts.csv"):
    data = text.encode() if isinstance(text, str) else text
    file = SimpleUploadedFile(name, data)
    return client.post(address("run-upload"), {"kind": kind, "file": file})


def mapped(client, **changes):
    """Upload a file and send the form of its mapping."""
    upload(client)
    run = ImportRun.objects.get()
    form = {
        "version": run.version,
        "source": "crm",
        "file.encoding": "utf-8",
        "file.delimiter": ";",
        "account.external_id.column": "Id",
        "account.name.column": "Account Name",
        "account.industry.column": "Sector",
        "account.industry.to.1": "Software",
        "act": "check",
    }
    return client.post(address("run-map", run.pk), form | changes), run


def test_from_the_upload_to_the_import_without_a_script(admin):
    assert upload(admin).status_code == 302
    ImportRun.objects.all().delete()
    answer, run = mapped(admin)
    assert answer.url == address("run-detail", run.pk)
    assert "Waiting for a worker" in admin.get(answer.url).content.decode()

    work_on(run.pk)
    run.refresh_from_db()
    page = admin.get(answer.url).content.decode()
    assert "Every one of" in page
    assert not Account.objects.exists()

    admin.post(address("run-import", run.pk), {"version": run.version})
    work_on(run.pk)
    assert "What was imported" in admin.get(answer.url).content.decode()
    kept = dict(Account.objects.values_list("name", "industry"))
    assert kept == {"Acme": "Software", "<b>Bolt</b>": "Retail"}


def test_the_form_is_guessed_from_the_file(admin):
    upload(admin)
    run = ImportRun.objects.get()

    page = admin.get(address("run-map", run.pk)).content.decode()

    assert "<option selected>Account Name</option>" in page
    assert "&lt;b&gt;Bolt&lt;/b&gt;" in page
    assert "<b>Bolt</b>" not in page


def test_everything_wrong_with_a_mapping_is_said_and_the_form_kept(admin):
    answer, run = mapped(admin, **{"source": "", "account.name.column": ""})

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "It must name its source" in page
    assert "[account] must say its name." in page
    assert 'value="Software"' in page
    run.refresh_from_db()
    assert run.state == "mapping"


def test_a_form_of_an_older_version_is_a_conflict(admin):
    _, run = mapped(admin)
    work_on(run.pk)

    form = {"version": 1, "text": ACCOUNTS}
    assert admin.post(address("run-map", run.pk), form).status_code in (409, 422)


def test_another_separator_shows_other_columns(admin):
    upload(admin)
    run = ImportRun.objects.get()

    form = {"file.encoding": "utf-8", "file.delimiter": ",", "act": "refresh"}
    page = admin.post(address("run-map", run.pk), form).content.decode()

    assert "Id;Account Name;Sector" in page


def test_examples_of_a_column_come_beside_its_field(admin):
    upload(admin)
    run = ImportRun.objects.get()

    answer = admin.get(address("run-examples", run.pk), {"account.industry.column": "Sector"})
    assert 'name="account.industry.to.1"' in answer.content.decode()

    for wrong in ({"nothing.name.column": "Id"}, {"account.nothing.column": "Id"}, {}):
        assert admin.get(address("run-examples", run.pk), wrong).status_code == 404


def test_stages_of_a_column_come_with_a_likely_stage(admin):
    upload(admin, "Id,Phase\n1,Won\n2,Discovery\n", kind="deals")
    run = ImportRun.objects.get()

    answer = admin.get(address("run-examples", run.pk), {"stage_column": "Phase"})

    page = answer.content.decode()
    assert '<option value="closed-won" selected>' in page
    assert '<option value="discovery" selected>' in page


def test_a_mapping_file_is_taken_and_given_back(admin):
    upload(admin, "id,name,staff,parent\n1,Acme,1,\n")
    run = ImportRun.objects.get()
    file = SimpleUploadedFile("map.toml", ACCOUNTS.encode())

    admin.post(address("run-use-mapping", run.pk), {"file": file})
    text = admin.get(address("run-mapping", run.pk)).content.decode()
    admin.post(address("mapping-save", run.pk), {"name": "Ours"})

    assert text == ACCOUNTS
    saved = SavedMapping.objects.get()
    answer = admin.get(address("mapping-download", saved.pk))
    assert answer.content.decode() == ACCOUNTS
    assert answer["Content-Disposition"] == 'attachment; filename="ours.toml"'


def test_a_mapping_file_that_does_not_fit_is_shown_as_text(admin):
    upload(admin)
    run = ImportRun.objects.get()
    file = SimpleUploadedFile("map.toml", b'source = "x" [nonsense')

    answer = admin.post(address("run-use-mapping", run.pk), {"file": file})

    assert answer.status_code == 422
    assert "It is not TOML" in answer.content.decode()


def test_a_mapping_that_says_more_is_edited_as_text(admin):
    upload(admin, "id,name,staff,parent\n1,Acme,1,\n")
    run = ImportRun.objects.get()
    text = ACCOUNTS.replace('name = "{name}"', 'name = "{name|upper}"')
    more = text + "[translate.staff]\nmany = '100'\n"
    admin.post(
        address("run-use-mapping", run.pk), {"file": SimpleUploadedFile("m.toml", more.encode())}
    )

    page = admin.get(address("run-map", run.pk)).content.decode()

    assert "says more than can be drawn here" in page
    assert "translate.staff" in page


def test_progress_is_asked_until_the_work_is_over(admin):
    _, run = mapped(admin)
    asked = admin.get(address("run-progress", run.pk))
    assert "hx-get" in asked.content.decode()
    assert "HX-Refresh" not in asked

    work_on(run.pk)

    assert admin.get(address("run-progress", run.pk))["HX-Refresh"] == "true"


@pytest.mark.parametrize(
    ("data", "says"),
    [(b"PK\x03\x04x", "Save the sheet as CSV"), (b"a,a\n1,1\n", "twice in the header")],
)
def test_a_file_that_is_no_use_is_refused_on_the_page(admin, data, says):
    answer = upload(admin, data)

    assert answer.status_code == 422
    assert says in answer.content.decode()


def test_an_upload_without_a_file_is_refused(admin):
    assert admin.post(address("run-upload"), {"kind": "accounts"}).status_code == 422


def test_who_wins_is_chosen_by_field(admin):
    form = {"source": "crm", "account.name": "ours", "account.domain": "source", "x.y": "ours"}

    assert admin.post(address("winner-list"), form).status_code == 302

    row = FieldWinner.objects.get()
    assert (row.source, row.entity, row.field, row.winner) == ("crm", "account", "name", "ours")
    page = admin.get(address("winner-list"), {"source": "crm"}).content.decode()
    assert 'name="account.name" value="ours" aria-label="Ours wins Name" checked' in page


def test_a_dropped_file_cannot_be_mapped(admin):
    upload(admin)
    run = ImportRun.objects.get()
    admin.post(address("run-drop", run.pk))

    assert admin.get(address("run-map", run.pk)).status_code == 302
    assert "kept no longer" in admin.get(address("run-detail", run.pk)).content.decode()


@pytest.mark.parametrize("role", ["rep", "manager", "vp", "desk", "finance", "auditor", "outsider"])
def test_nobody_but_revops_is_served(client, request, role):
    client.force_login(request.getfixturevalue(role))

    for name, args in (
        ("run-list", []),
        ("run-map", [1]),
        ("run-detail", [1]),
        ("run-progress", [1]),
        ("winner-list", []),
    ):
        assert client.get(address(name, *args)).status_code == 403
    for name in ("run-import", "run-drop", "run-use-mapping", "mapping-save"):
        assert client.post(address(name, 1)).status_code == 403
