"""The pages on which the policy is drafted, proposed and confirmed, and its versions read."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse

from dealdesk.models import PolicyDraft, PolicyVersion
from dealdesk.operations import publish_preset
from dealdesk.operations.policydrafting import (
    change_policy_draft,
    import_policy,
    start_policy_draft,
)
from dealdesk.policyfiles import PolicyFile, write_policy_file
from dealdesk.policyforms import AREAS
from dealdesk.presets import PRESETS
from tests.dealdesk.test_policy import FULL
from tests.factories.dealdesk import AT
from tests.factories.people import SYSTEM, by, make_person, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def everybody(rep, manager, vp, desk, finance, legal, revops):
    """A company in which every role is held."""


@pytest.fixture
def second():
    return make_person("Sam Second", roles=["revops_admin"])


@pytest.fixture
def client(revops):
    return signed_in(revops)


def start(person):
    return start_policy_draft(by=by(person), at=AT)


def page(name, *args):
    return reverse(f"dealdesk:{name}", args=args)


class Typed(HTMLParser):
    """What a browser would send of the draft's form, untouched."""

    def __init__(self) -> None:
        super().__init__()
        self.data: dict[str, list[str]] = {}
        self.inside = False
        self.select = self.area = ""

    def handle_starttag(self, tag, attrs):
        facts = dict(attrs)
        name = facts.get("name", "")
        if tag == "form":
            self.inside = facts.get("id") == "policy-area"
        if not self.inside:
            return
        if tag == "input" and (facts.get("type") != "checkbox" or "checked" in facts):
            blank = "on" if facts.get("type") == "checkbox" else ""
            self.data.setdefault(name, []).append(facts.get("value") or blank)
        elif tag == "select":
            self.select = name
        elif tag == "option" and self.select and "selected" in facts:
            self.data.setdefault(self.select, []).append(facts.get("value") or "")
        elif tag == "textarea":
            self.area = name
            self.data[name] = [""]

    def handle_endtag(self, tag):
        if tag == "form":
            self.inside = False
        self.select = "" if tag == "select" else self.select
        self.area = "" if tag == "textarea" else self.area

    def handle_data(self, data):
        if self.area:
            self.data[self.area] = [data.strip()]


def typed(answer) -> dict[str, list[str]]:
    parser = Typed()
    parser.feed(answer.content.decode())
    parser.data.pop("csrfmiddlewaretoken", None)
    return {**parser.data, "do": ["save"]}


@pytest.mark.parametrize("policy", [*PRESETS.values(), FULL], ids=lambda each: each.name)
def test_an_area_saved_as_it_is_changes_nothing(client, policy):
    import_policy(file=PolicyFile(policy), by=SYSTEM, at=AT)
    # Every role has its row on the page; saved once, the rows are in the page's order.
    client.post(page("policy-area", "people"), typed(client.get(page("policy-area", "people"))))
    version = PolicyDraft.objects.get().version

    for area in AREAS:
        answer = client.post(
            page("policy-area", area), typed(client.get(page("policy-area", area)))
        )
        assert answer.status_code == 302, area

    assert PolicyDraft.objects.get().version == version


def test_a_row_is_added_and_taken_out_with_what_was_typed(client, revops):
    start(revops)
    url = page("policy-area", "price")
    data = typed(client.get(url))

    added = client.post(url, {**data, "table-0-band-1-lower": ["12.5"], "do": ["add:table-0-band"]})
    after = typed(added)
    assert after["table-0-band-count"] == ["5"]
    assert after["table-0-band-1-lower"] == ["12.5"]
    assert "This field is required" not in added.content.decode()

    fewer = typed(client.post(url, {**after, "do": ["remove:table-0-band:0"]}))
    assert fewer["table-0-band-count"] == ["4"]
    assert fewer["table-0-band-0-lower"] == ["12.5"]
    assert PolicyDraft.objects.get().version == 1


def test_what_is_wrong_is_said_and_nothing_typed_is_lost(client, revops):
    start(revops)
    url = page("policy-area", "price")
    data = typed(client.get(url)) | {"table-0-band-1-lower": ["ten"]}

    answer = client.post(url, data)

    assert answer.status_code == 422
    assert typed(answer)["table-0-band-1-lower"] == ["ten"]
    assert "Enter a number" in answer.content.decode()


def test_a_page_that_says_nothing_of_its_rows_empties_nothing(client, revops):
    start(revops)

    assert client.post(page("policy-area", "price"), {"do": "save"}).status_code == 422
    assert client.post(page("policy-area", "segments"), {"do": "save"}).status_code == 422


def test_a_percentage_is_read_as_people_write_it(client, revops):
    start(revops)
    url = page("policy-area", "price")

    client.post(url, typed(client.get(url)) | {"table-0-band-1-lower": ["12,5 %"]})

    assert {
        str(each) for each in PolicyDraft.objects.values_list("tables__bands__lower", flat=True)
    }
    assert b"12.5 % to below 20 %" in client.get(page("policy-draft")).content


def test_who_saves_over_anothers_change_is_told_what_it_was(client, revops, second):
    draft = start(revops)
    url = page("policy-area", "order")
    data = typed(client.get(url)) | {"validity_days": ["25"]}
    change_policy_draft(
        changes={"pending_days": 14}, version=draft.version, by=by(second), at=data_time(data)
    )

    answer = client.post(url, data)

    said = answer.content.decode()
    assert answer.status_code == 409
    assert "Sam Second: Cover: A request that nobody answers ends after: 30 days" in said
    assert typed(answer)["validity_days"] == ["25"]
    assert typed(answer)["version"] == ["2"]


def data_time(data):
    from datetime import datetime, timedelta

    return datetime.fromisoformat(data["opened"][0]) + timedelta(seconds=1)


def test_a_draft_goes_from_proposal_to_a_second_persons_confirmation(client, revops, second):
    client.post(page("policy-draft-start"))
    url = page("policy-area", "order")
    client.post(url, typed(client.get(url)) | {"validity_days": ["25"]})
    client.post(page("policy-area", "about"), {"name": "Ours", "note": "Shorter", "do": "save"})

    shown = client.get(page("policy-draft")).content.decode()
    assert "An approval is good for issuing: 25 days" in shown
    assert "All 23 cases are green" in shown
    version = PolicyDraft.objects.get().version
    client.post(page("policy-propose"), {"version": version})
    assert client.post(page("policy-publish"), {"version": version + 1}).status_code == 403
    answer = signed_in(second).post(page("policy-publish"), {"version": version + 1})

    published = PolicyVersion.objects.get(in_force=True)
    assert answer["Location"] == published.get_absolute_url()
    assert (published.label, published.note, published.confirmed_by) == ("Ours", "Shorter", second)


def test_what_stops_publishing_is_said_beside_the_button(client, revops):
    start(revops)
    url = page("policy-area", "price")
    client.post(url, typed(client.get(url)) | {"table-0-band-0-lower": ["5"]})

    shown = client.get(page("policy-draft")).content.decode()
    answer = client.post(page("policy-publish"))

    assert "Discounts below 5 % fall into no band" in shown
    assert answer.status_code == 422


def test_a_finding_is_acknowledged_with_a_note(client, revops):
    start(revops)
    key = "prices.inversion.1.40"
    PolicyDraft.objects.get().acknowledgements.all().delete()

    bare = client.post(page("policy-acknowledge"), {"key": key})
    client.post(page("policy-acknowledge"), {"key": key, "note": "The desk decides"})

    assert bare.status_code == 422
    assert "The desk decides" in client.get(page("policy-draft")).content.decode()


def test_a_note_on_a_finding_is_not_lost_when_somebody_was_faster(client, revops):
    start(revops)
    PolicyDraft.objects.get().acknowledgements.all().delete()
    change_policy_draft(changes={"pending_days": 14}, by=by(revops), at=AT)
    facts = {"key": "prices.inversion.1.40", "note": "The desk decides", "version": "1"}

    answer = client.post(page("policy-acknowledge"), facts)

    assert answer.status_code == 409
    assert "The desk decides</textarea>" in answer.content.decode()


def test_a_quote_is_tried_on_the_draft_and_on_the_policy_in_force(client, revops):
    start(revops)
    change_policy_draft(changes={"ladder": True}, by=by(revops), at=AT)
    asked = {"discount": "25", "months": "12", "value": "20000", "days": "30", "segment": "smb"}

    shown = client.get(page("policy-draft"), asked).content.decode()

    assert "the sales manager and the VP of sales" in shown


def test_versions_tell_who_when_and_what_differed(client, rep, revops):
    publish_preset(preset="recommended", by=by(revops), at=AT)

    shown = signed_in(rep).get(page("policy-versions")).content.decode()
    one = signed_in(rep).get(page("policy-version", 2)).content.decode()

    assert "Rosa Ricci" in shown
    assert "From 40 %: asks the VP of sales and the deal desk" in shown
    assert "From 40 %: asks the VP of sales and the deal desk" in one
    assert "Draft" not in shown


def test_older_versions_are_a_page_further(client, revops, monkeypatch):
    monkeypatch.setattr("dealdesk.views.policyversions.VERSIONS_SHOWN", 2)
    for preset in ("recommended", "as_in_the_sources", "recommended"):
        publish_preset(preset=preset, by=by(revops), at=AT)

    first = client.get(page("policy-versions")).content.decode()
    last = client.get(page("policy-versions"), {"below": "3"}).content.decode()

    assert "below=3" in first
    assert "Version 2:" not in first
    assert "Version 2:" in last


def test_a_version_published_alone_says_so_until_it_is_confirmed(client, revops, second):
    publish_preset(preset="recommended", by=by(revops), at=AT)
    url = page("policy-confirm", 2)

    assert "Published alone" in client.get(page("policy-detail")).content.decode()
    assert client.post(url).status_code == 403
    assert signed_in(second).post(url).status_code == 302
    assert "Published alone" not in client.get(page("policy-detail")).content.decode()


def test_drafts_are_for_revops_alone(rep, desk, revops):
    start(revops)
    for person in (rep, desk):
        client = signed_in(person)
        for name in ("policy-draft", "policy-publish", "policy-import", "policy-draft-file"):
            assert client.get(page(name)).status_code == 403
        assert client.get(page("policy-area", "price")).status_code == 403
        for name in (
            "policy-draft-start",
            "policy-propose",
            "policy-publish",
            "policy-acknowledge",
        ):
            assert client.post(page(name)).status_code == 403
        assert client.post(page("policy-draft-discard")).status_code == 403


def test_without_a_draft_its_pages_lead_to_the_policy(client):
    for name in ("policy-draft", "policy-publish", "policy-draft-file"):
        assert client.get(page(name))["Location"] == page("policy-detail")
    assert client.get(page("policy-area", "size"))["Location"] == page("policy-detail")
    assert client.get(page("policy-area", "nonsense")).status_code == 404


def test_a_draft_is_thrown_away(client, revops):
    start(revops)

    client.post(page("policy-draft-discard"), {"version": 1})

    assert not PolicyDraft.objects.exists()


# Files


def upload(text: str) -> SimpleUploadedFile:
    return SimpleUploadedFile("policy.yaml", text.encode())


def test_a_file_is_looked_at_first_and_then_read(client):
    written = write_policy_file(PolicyFile(PRESETS["recommended"]))

    looked = client.post(page("policy-import"), {"file": upload(written), "do": "look"})
    assert "From 40 %: asks the VP of sales and the deal desk" in looked.content.decode()
    assert not PolicyDraft.objects.exists()

    client.post(page("policy-import"), {"file": upload(written), "do": "read"})
    assert PolicyDraft.objects.get().name == "Recommended"
    again = client.post(page("policy-import"), {"file": upload(written), "do": "read"})
    assert again.status_code == 409


def test_what_a_file_has_wrong_is_said(client):
    answer = client.post(page("policy-import"), {"file": upload("name: 3"), "do": "read"})

    assert answer.status_code == 422
    assert "name: this is a text, not 3" in answer.content.decode()


def test_what_is_taken_along_is_what_is_read_back(client, revops, capsys):
    start(revops)

    versions = client.get(page("policy-version-file", 1)).content.decode()
    draft = client.get(page("policy-draft-file")).content.decode()
    call_command("export_policy")

    assert versions == draft == capsys.readouterr().out


def test_a_file_is_read_by_command(tmp_path, capsys):
    path = tmp_path / "policy.yaml"
    path.write_text(write_policy_file(PolicyFile(FULL)))

    call_command("import_policy", str(path), "--dry-run")
    assert "Nothing was written" in capsys.readouterr().out
    call_command("import_policy", str(path))
    said = capsys.readouterr().out
    with pytest.raises(CommandError, match="--replace-draft"):
        call_command("import_policy", str(path))

    assert "Price floors: new: 62.5 % or more on the whole quote: refused" in said
    assert "ana@example.com, the backup for the deal desk, is nobody who can be asked" in said
    assert PolicyDraft.objects.get().floors.count() == 1


def test_the_page_of_a_draft_takes_as_many_queries_whatever_it_says(
    client, revops, django_assert_max_num_queries
):
    import_policy(file=PolicyFile(FULL), by=SYSTEM, at=AT)

    with django_assert_max_num_queries(45):
        client.get(page("policy-draft"))
