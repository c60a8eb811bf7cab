import pytest
from django.db import transaction
from playwright.sync_api import expect

from revops.frame import development, navigation
from revops.frame.development import DevPerson
from revops.frame.navigation import Found
from tests.e2e.walk import axe
from tests.foundation import make_person

pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.fixture
def rita(settings, monkeypatch):
    settings.DEV_TOOLS = True
    with transaction.atomic():
        person = make_person("Rita Lind")
    cards = [DevPerson(person.email, "Rita Lind", "rep", start_here=True)]
    monkeypatch.setattr(development, "sources", [lambda: cards])
    return person


@pytest.fixture
def errors(page):
    """What the console complained of: a broken content policy shows here."""
    heard = []
    page.on("console", lambda said: heard.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    return heard


@pytest.fixture
def gallery(page, live_server, rita, errors):
    page.goto(f"{live_server.url}/accounts/login/?next=/dev/gallery/")
    page.get_by_role("button", name="Rita Lind").click()
    expect(page.get_by_role("heading", name="Component gallery")).to_be_visible()
    # The form with errors takes the focus; these tests start from none.
    expect(page.locator('[aria-invalid="true"]').first).to_be_focused()
    page.evaluate("() => document.activeElement.blur()")
    errors.clear()
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_gallery_and_sign_in_are_accessible(page, live_server, rita, errors, scheme, width):
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{live_server.url}/accounts/login/?next=/dev/gallery/")
    assert axe(page) == []

    page.get_by_role("button", name="Rita Lind").click()
    expect(page.get_by_role("heading", name="Component gallery")).to_be_visible()
    assert axe(page) == []

    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    assert errors == []


def test_slash_focuses_search_and_results_are_walked_by_keys(gallery, monkeypatch, errors):
    hits = [Found("Pages", [("Notices", "of mine", "/notifications/"), ("Other", "", "/search/")])]
    monkeypatch.setattr(navigation, "search", lambda *args: hits)

    gallery.keyboard.press("/")
    expect(gallery.locator("#search")).to_be_focused()
    gallery.keyboard.type("no")
    expect(gallery.locator("#search-results")).to_contain_text("of mine")
    gallery.keyboard.press("ArrowDown")
    gallery.keyboard.press("Enter")

    expect(gallery.get_by_role("heading", name="Notifications")).to_be_visible()
    assert errors == []


def test_commands_open_by_key_and_filter(gallery):
    gallery.keyboard.press("Control+k")
    expect(gallery.locator("#commands")).to_be_visible()
    gallery.keyboard.type("notif")
    gallery.keyboard.press("Enter")

    expect(gallery.get_by_role("heading", name="Notifications")).to_be_visible()


def test_theme_is_switched_at_once_and_remembered(gallery):
    gallery.locator(".person-button").click()
    gallery.get_by_role("button", name="Dark").click()
    expect(gallery.locator("html")).to_have_attribute("data-theme", "dark")
    gallery.reload()

    expect(gallery.locator("html")).to_have_attribute("data-theme", "dark")


def test_menu_opens_by_key_and_its_items_are_walked(gallery):
    gallery.get_by_role("button", name="Acts").focus()
    gallery.keyboard.press("ArrowDown")

    expect(gallery.get_by_role("link", name="Edit")).to_be_focused()
    gallery.keyboard.press("ArrowDown")
    expect(gallery.get_by_role("link", name="Clone")).to_be_focused()
    gallery.keyboard.press("Escape")
    expect(gallery.locator("#sample-menu")).to_be_hidden()


def test_menu_stands_under_its_button(gallery):
    button = gallery.get_by_role("button", name="Acts")
    button.click()

    box, menu = button.bounding_box(), gallery.locator("#sample-menu").bounding_box()
    assert abs(menu["x"] - box["x"]) < 2
    assert 0 <= menu["y"] - (box["y"] + box["height"]) < 12


def test_dialog_opens_and_closes(gallery):
    gallery.get_by_role("button", name="Open a dialog").click()
    expect(gallery.locator("#sample-dialog")).to_be_visible()
    gallery.get_by_role("button", name="Keep it open").click()

    expect(gallery.locator("#sample-dialog")).to_be_hidden()


def test_person_is_picked_by_typing(gallery):
    form = gallery.get_by_role("form", name="Fields", exact=True)
    field = form.get_by_role("combobox", name="Owner")
    field.click()
    field.press_sequentially("maya")
    expect(gallery.locator(".picker-list").get_by_role("option")).to_have_count(1)
    field.press("Enter")

    expect(field).to_have_value("Maya Okafor")
    assert form.locator("select[name=owner]").input_value() == "2"


def test_kept_form_survives_a_reload(gallery):
    gallery.locator("form[data-keep] textarea").fill("Half a thought")
    gallery.reload()

    expect(gallery.locator("form[data-keep] textarea")).to_have_value("Half a thought")


def drop(page, card, column):
    start, end = page.locator(card).bounding_box(), page.locator(column).bounding_box()
    page.mouse.move(start["x"] + 20, start["y"] + 40)
    page.mouse.down()
    page.mouse.move(start["x"] + 60, start["y"] + 60, steps=4)
    page.mouse.move(end["x"] + 60, end["y"] + 80, steps=8)
    page.mouse.up()


@pytest.fixture
def moves(gallery):
    """What a drop or the menu sent, answered as a gate answers."""
    sent = []

    def answer(route):
        sent.append(route.request.post_data)
        route.fulfill(
            status=422, content_type="text/html", body="<h2>Two items</h2><input name='budget'>"
        )

    gallery.route(
        "**/dev/gallery/",
        lambda route: answer(route) if route.request.method == "POST" else route.continue_(),
    )
    gallery.locator("#board").scroll_into_view_if_needed()
    return sent


def test_dropping_a_card_submits_its_own_form_and_shows_the_gate(gallery, moves, errors):
    drop(gallery, "#card-1", "#column-proposal")

    expect(gallery.locator("#dialog")).to_be_visible()
    expect(gallery.locator("#dialog input")).to_be_focused()
    assert "stage=proposal" in moves[0]


def test_menu_sends_what_a_drop_sends(gallery, moves):
    gallery.locator("#card-1").get_by_role("link", name="Move").click()
    gallery.locator("#move-qualified").get_by_role("button", name="Proposal").click()

    expect(gallery.locator("#dialog")).to_be_visible()
    assert "stage=proposal" in moves[0]


def test_cards_are_walked_and_moved_by_keys(gallery, moves):
    gallery.locator("#card-1 .board-card-link").focus()
    gallery.keyboard.press("ArrowDown")
    expect(gallery.locator("#card-2 .board-card-link")).to_be_focused()
    gallery.keyboard.press("ArrowRight")
    expect(gallery.locator("#card-3 .board-card-link")).to_be_focused()
    gallery.keyboard.press("m")
    gallery.keyboard.press("End")
    gallery.keyboard.press("Enter")

    expect(gallery.locator("#dialog")).to_be_visible()
    assert "stage=won" in moves[0]


def test_letting_go_outside_moves_nothing_and_opens_nothing(gallery, moves):
    drop(gallery, "#card-1", "#column-qualified")

    assert moves == []
    assert gallery.url.endswith("/dev/gallery/")
