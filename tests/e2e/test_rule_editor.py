"""The editor of rules in a browser: a draft, its order by keys and by drag, what it would find."""

import pytest
from playwright.sync_api import expect

from pipeline import operations
from pipeline.models import Deal, PipelineVersion
from pipeline.operations.rules import start_draft
from pipeline.stages import read_process
from revops.refusals import Refused
from tests.e2e.walk import axe, look, sign_in
from tests.factories.people import AT, by
from tests.factories.pipeline import complete, make_deal, new_business

pytestmark = [pytest.mark.django_db(transaction=True)]

SETTINGS = "/settings/pipelines/new-business/"


@pytest.fixture
def administrator(page, live_server, revops):
    sign_in(page.context, live_server.url, revops)
    return revops


def order() -> list[str]:
    draft = PipelineVersion.objects.get(published_at=None)
    return [rule.key for rule in read_process(draft).rules]


def test_a_draft_is_edited_seen_through_and_published(
    page, live_server, administrator, rep, errors
):
    lacks = complete(make_deal(rep, "Acme rollout"), but=["timeline"])
    complete(make_deal(rep, "Acme pilot"))

    page.goto(f"{live_server.url}/settings/")
    page.get_by_role("link", name="Pipelines").click()
    page.get_by_role("link", name="New business").click()
    page.get_by_role("button", name="Start a draft").click()
    expect(page.get_by_role("heading", name="Draft of New business")).to_be_visible()
    look(page, "draft")

    # By keys: the button is pressed, keeps the focus, and a reader hears the new place. Before the
    # scripts have run the same button sends the form, and nothing is said.
    page.wait_for_load_state()
    page.locator("#down-discovery").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-rules-live]")).to_have_text("Discovery: place 3 of 7")
    expect(page.locator("#down-discovery")).to_be_focused()
    page.keyboard.press("Alt+ArrowUp")
    expect(page.locator("[data-rules-live]")).to_have_text("Discovery: place 2 of 7")
    assert order()[:3] == ["qualified", "discovery", "demo"]

    page.get_by_role("link", name="Qualified", exact=True).click()
    page.locator("#id_item-item").select_option("timeline")
    page.get_by_role("button", name="Add the item").click()
    expect(page.get_by_text("1 open deal would violate this draft.")).to_be_visible()
    look(page, "stage")

    page.get_by_role("link", name="Which deals").click()
    expect(page.get_by_role("link", name="Acme rollout")).to_be_visible()
    expect(page.get_by_role("link", name="Acme pilot")).to_have_count(0)

    page.get_by_role("link", name="New business").first.click()
    expect(page.get_by_text("asks for Timeline.")).to_be_visible()
    page.get_by_role("link", name="Publish…").click()
    expect(page.get_by_text("2 open deals in New business meet the new rules")).to_be_visible()
    look(page, "publish")
    page.get_by_label("What changes, and why").fill("We lost deals to time.")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("We lost deals to time.")).to_be_visible()
    expect(page.get_by_text("Version 2 is in force.")).to_be_visible()

    with pytest.raises(Refused, match="Timeline"):
        operations.advance_deal(deal=Deal.objects.get(pk=lacks.pk), by=by(rep), at=AT)
    assert errors == []


def test_a_stage_is_dragged_to_another_place(page, live_server, administrator, errors):
    start_draft(pipeline=new_business(), by=by(administrator), at=AT)
    page.goto(f"{live_server.url}{SETTINGS}draft/")

    grip = page.locator('[data-key="proposal"] [data-grip]').bounding_box()
    target = page.locator('[data-key="qualified"]').bounding_box()
    page.mouse.move(grip["x"] + 6, grip["y"] + 8)
    page.mouse.down()
    page.mouse.move(target["x"] + 40, target["y"] + 30, steps=6)
    page.mouse.move(target["x"] + 40, target["y"] + 4, steps=3)
    page.mouse.up()

    expect(page.locator("[data-order-row]").first).to_have_attribute("data-key", "proposal")
    assert order()[:2] == ["proposal", "qualified"]
    assert errors == []


def test_the_editor_works_without_scripts(browser, live_server, revops, rep):
    make_deal(rep, stage="demo")
    start_draft(pipeline=new_business(), by=by(revops), at=AT)
    context = browser.new_context(java_script_enabled=False)
    sign_in(context, live_server.url, revops)
    page = context.new_page()

    page.goto(f"{live_server.url}{SETTINGS}draft/")
    page.get_by_role("button", name="Move Discovery up").click()
    assert order()[:2] == ["discovery", "qualified"]

    page.get_by_role("link", name="Take Demo / Evaluation out").click()
    page.get_by_role("button", name="Take it out of the draft").click()
    expect(page.get_by_text("Name the stage where they go.")).to_be_visible()
    page.get_by_label("Its deals go to").select_option("proposal")
    page.get_by_role("button", name="Take it out of the draft").click()
    expect(page.get_by_text("is no more; its deals go to Proposal.")).to_be_visible()
    context.close()


def test_the_second_of_two_administrators_is_told(page, live_server, administrator):
    pipeline = new_business()
    start_draft(pipeline=pipeline, by=by(administrator), at=AT)
    page.goto(f"{live_server.url}{SETTINGS}draft/stages/demo/")
    page.get_by_label("Name").fill("Trial")

    from django.utils import timezone

    from pipeline.operations.rules import change_draft

    change_draft(
        pipeline=pipeline, changes={"gate": "entry"}, by=by(administrator), at=timezone.now()
    )
    page.get_by_role("button", name="Save in the draft").click()

    expect(page.get_by_text("The gate: leaving a stage").first).to_be_visible()
    expect(page.get_by_label("Name")).to_have_value("Trial")
    page.get_by_role("button", name="Save in the draft").click()
    expect(page.get_by_role("heading", name="Trial")).to_be_visible()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_every_page_is_accessible_and_fits(page, live_server, administrator, rep, width, scheme):
    make_deal(rep, stage="demo")
    start_draft(pipeline=new_business(), by=by(administrator), at=AT)
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    draft, demo = f"{SETTINGS}draft/", f"{SETTINGS}draft/stages/demo/"
    found = {}

    for path in (
        "/settings/",
        "/settings/pipelines/",
        "/settings/pipelines/new/",
        SETTINGS,
        f"{SETTINGS}versions/1/",
        draft,
        f"{draft}new-stage/",
        f"{draft}liberties/",
        f"{draft}deals/",
        f"{draft}publish/",
        demo,
        f"{demo}remove/",
        "/settings/lists/",
        "/settings/lists/loss_reason/",
    ):
        page.goto(f"{live_server.url}{path}")
        look(page, f"{path.strip('/').replace('/', '-')}-{width}-{scheme}")
        faults = axe(page)
        wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
        if faults or wide:
            found[path] = [*faults, *(["too wide"] if wide else [])]

    assert found == {}
