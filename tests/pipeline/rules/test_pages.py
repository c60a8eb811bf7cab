"""The pages of rules: whom they serve, what they keep, how they say no."""

import pytest

from pipeline.models import Choice, Pipeline, PipelineVersion
from pipeline.operations.rules import create_pipeline, start_draft
from pipeline.stages import process_of, read_process
from tests.factories.people import AT, by
from tests.factories.pipeline import make_deal, new_business

pytestmark = pytest.mark.django_db

HOME = "/settings/pipelines/new-business/"
DRAFT = f"{HOME}draft/"
DEMO = f"{DRAFT}stages/demo/"

WRITING = [
    "/settings/pipelines/new/",
    f"{HOME}rename/",
    f"{HOME}retire/",
    f"{HOME}restore/",
    f"{DRAFT}start/",
    DRAFT,
    f"{DRAFT}order/",
    f"{DRAFT}liberties/",
    f"{DRAFT}deals/",
    f"{DRAFT}publish/",
    f"{DRAFT}discard/",
    f"{DRAFT}new-stage/",
    DEMO,
    f"{DEMO}remove/",
    f"{DEMO}keep/",
    f"{DEMO}items/",
    f"{DEMO}items/add/",
    f"{DEMO}items/technical_requirements/change/",
    f"{DEMO}criteria/",
    f"{DEMO}criteria/add/",
    f"{DEMO}criteria/positive_evaluation/change/",
    "/settings/lists/",
    "/settings/lists/source/",
    "/settings/lists/source/order/",
    "/settings/lists/source/values/inbound/",
]
READING = ["/settings/pipelines/", HOME, f"{HOME}versions/1/"]


@pytest.fixture
def admin(client, revops):
    client.force_login(revops)
    return client


@pytest.fixture
def draft(revops):
    return start_draft(pipeline=new_business(), by=by(revops), at=AT)


def process():
    return read_process(PipelineVersion.objects.get(published_at=None))


@pytest.mark.parametrize("role", ["rep", "manager", "vp", "desk", "finance", "auditor", "outsider"])
def test_only_revops_opens_what_writes(role, client, request, draft):
    client.force_login(request.getfixturevalue(role))

    for path in WRITING:
        assert client.get(path).status_code in (403, 405), path
        assert client.post(path).status_code == 403, path
    assert process().rules == process_of(new_business()).rules


@pytest.mark.parametrize("role", ["rep", "auditor", "outsider", "revops"])
def test_everybody_may_read_the_rules_they_are_judged_by(role, client, request):
    client.force_login(request.getfixturevalue(role))

    for path in READING:
        assert client.get(path).status_code == 200, path


def test_what_is_not_there_is_not_found(admin, draft):
    for path in (
        "/settings/pipelines/nowhere/",
        f"{HOME}versions/9/",
        f"{DRAFT}stages/nowhere/",
        "/settings/lists/colours/",
        "/settings/lists/source/values/nowhere/",
    ):
        assert admin.get(path).status_code in (404, 405), path
    assert admin.post("/settings/lists/source/values/nowhere/", {"label": "x"}).status_code == 404
    assert admin.post(f"{HOME}draft/start/", {"number": "99"}).status_code == 404


def test_without_a_draft_its_page_leads_to_the_versions(admin):
    for path in (DRAFT, DEMO, f"{DRAFT}publish/", f"{DRAFT}liberties/", f"{DEMO}remove/"):
        assert admin.get(path)["Location"] == HOME


def test_a_form_keeps_what_was_typed(admin, draft):
    typed = {"name": "Trial", "kind": "open", "probability_percent": "400"}
    answer = admin.post(DEMO, {**typed, "forecast_category": "commit", "version": draft.version})

    assert answer.status_code == 422
    assert 'value="Trial"' in answer.content.decode()


def test_a_stale_form_is_told_and_keeps_what_was_typed(admin, draft):
    kept = {"kind": "open", "probability_percent": "40", "forecast_category": "commit"}
    admin.post(DEMO, {**kept, "name": "First", "version": draft.version})

    answer = admin.post(DEMO, {**kept, "name": "Second", "version": draft.version})

    assert answer.status_code == 409
    assert 'value="Second"' in answer.content.decode()
    assert process().rule("demo").name == "First"


def test_a_swap_is_answered_with_the_draft_alone(admin, draft):
    answer = admin.post(
        f"{DRAFT}order/", {"up": "demo", "version": draft.version}, HTTP_HX_REQUEST="true"
    )

    assert answer.content.decode().lstrip().startswith('<div id="draft"')
    assert [rule.key for rule in process().rules][1] == "demo"


def test_liberties_are_saved(admin, draft):
    typed = {
        "skipping": "never",
        "moving_back": "free",
        "gate": "entry",
        "debt_blocks_at": "proposal",
        "debt_days": "7",
        "buyer_silence_days": "30",
        "note": "Tighter",
        "version": draft.version,
    }

    assert admin.post(f"{DRAFT}liberties/", typed).status_code == 302
    found = process()
    assert (found.skipping, found.debt_blocks_at, found.debt_days) == ("never", "proposal", 7)
    assert PipelineVersion.objects.get(published_at=None).note == "Tighter"


def test_an_unfit_draft_is_not_published(admin, draft, rep):
    make_deal(rep, stage="demo")
    admin.post(f"{DEMO}remove/", {"goes_to": "proposal", "version": draft.version})
    PipelineVersion.objects.get(published_at=None).removals.all().delete()

    answer = admin.post(f"{DRAFT}publish/", {"note": "Go"})

    assert answer.status_code == 422
    assert "Name the stage where they go" in answer.content.decode()


def test_the_cost_of_the_editor_does_not_grow(admin, draft, rep, django_assert_max_num_queries):
    for number in range(12):
        make_deal(rep, f"Deal {number}")
    form = {"item-item": "timeline", "version": draft.version}
    admin.post(f"{DRAFT}stages/qualified/items/add/", form)

    with django_assert_max_num_queries(45):
        assert admin.get(DRAFT).status_code == 200
    with django_assert_max_num_queries(45):
        assert admin.get(f"{DRAFT}deals/").status_code == 200


# A second pipeline


def test_a_second_pipeline_is_made_by_pages_and_walked(admin, client, rep):
    admin.post("/settings/pipelines/new/", {"name": "Renewal", "key": "renewal"})
    renewal = Pipeline.objects.get(key="renewal")
    base = "/settings/pipelines/renewal/draft/"
    admin.post(f"{base}new-stage/", {"name": "Talks", **OPEN})
    admin.post(f"{base}publish/", {"note": "First"})

    deal = make_deal(rep, "Acme renewal", pipeline=renewal, stage="qualified")
    client.force_login(rep)
    board = client.get("/deals/board/?pipeline=renewal").content.decode()
    assert "Acme renewal" in board
    assert "Talks" in board
    assert "Acme renewal" not in client.get("/deals/board/?scope=all").content.decode()
    assert "Acme renewal" in client.get("/deals/?pipeline=renewal").content.decode()
    assert "Acme renewal" not in client.get("/deals/?pipeline=new-business").content.decode()
    assert "Renewal" in client.get("/deals/new/").content.decode()

    client.post(f"/deals/{deal.pk}/advance/", {"version": deal.version})
    deal.refresh_from_db()
    assert deal.stage.key == "talks"
    assert client.get(deal.get_absolute_url()).status_code == 200


OPEN = {"kind": "open", "probability_percent": "50", "forecast_category": "commit"}


def test_a_pipeline_that_is_only_drafted_is_offered_nowhere(client, revops, rep):
    create_pipeline(key="renewal", name="Renewal", by=by(revops), at=AT)
    client.force_login(rep)

    for path in ("/deals/", "/deals/board/", "/deals/new/", "/"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert "Renewal" not in answer.content.decode()


def test_a_pipeline_whose_key_is_taken_is_refused_beside_it(admin):
    answer = admin.post("/settings/pipelines/new/", {"name": "Mine", "key": "new-business"})

    assert answer.status_code == 422
    assert "already" in answer.content.decode()


# Pick lists


def test_a_value_is_added_renamed_moved_retired_and_restored(admin):
    url = "/settings/lists/loss_reason/"
    admin.post(url, {"label": "Merged away"})
    choice = Choice.objects.get(list="loss_reason", key="merged_away")
    admin.post(f"{url}values/merged_away/", {"label": "Bought by another"})
    admin.post(f"{url}order/", {"up": "merged_away"})
    choice.refresh_from_db()
    offered = Choice.objects.filter(list="loss_reason", retired_at=None).order_by("position")
    assert choice.label == "Bought by another"
    assert [each.key for each in offered][-2:] == ["merged_away", "other"]

    admin.post(f"{url}order/", {"retire": "merged_away"})
    choice.refresh_from_db()
    assert choice.retired_at
    admin.post(f"{url}order/", {"restore": "merged_away"})
    choice.refresh_from_db()
    assert not choice.retired_at


@pytest.mark.parametrize("label", ["", "price", "x" * 101])
def test_a_label_is_there_once(admin, label):
    answer = admin.post("/settings/lists/loss_reason/", {"label": label})

    assert answer.status_code == 422
    assert Choice.objects.filter(list="loss_reason").count() == 9


def test_what_the_software_uses_itself_stays(admin):
    answer = admin.post("/settings/lists/push_reason/order/", {"retire": "reopened"})

    assert answer.status_code == 422
    assert "stays" in answer.content.decode()
