"""How a person goes about the pages: stepping into somebody, reading mail, dragging a card."""

from __future__ import annotations

import os
import re
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import expect

from revops.outbox.tasks import sweep_outbox

PHONE = {"viewport": {"width": 360, "height": 740}, "device_scale_factor": 2, "has_touch": True}
LINK = re.compile(r"https?://\S+/a/[\w-]{43}/")


def look(page, name: str) -> None:
    """Keep a picture where SHOTS says; without it nothing is kept."""
    if folder := os.environ.get("SHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        # Hiding the caret would take an inline style, which the policy of our pages refuses.
        page.screenshot(path=f"{folder}/{name}.png", caret="initial")


def axe(page, **where) -> list:
    """What the rules of accessibility hold against a page: each rule, and where it is broken."""
    found = Axe().run(page, **where).response["violations"]
    return [(each["id"], [node["html"] for node in each["nodes"]][:3]) for each in found]


def step_into(page, base: str, name: str) -> None:
    """Become one of the demo people, by the cards of development."""
    page.goto(f"{base}/dev/people/")
    page.get_by_role("button", name=name).click()
    expect(page).to_have_url(f"{base}/")


def sign_in(context, base: str, person) -> None:
    """Give a browser the session of that person."""
    client = Client()
    client.force_login(person)
    session = client.cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": base}])


def drag(page, card, column) -> None:
    """Drag a card with the mouse into a column."""
    card.scroll_into_view_if_needed()
    start, end = card.bounding_box(), column.bounding_box()
    page.mouse.move(start["x"] + 60, start["y"] + 40)
    page.mouse.down()
    page.mouse.move(start["x"] + 90, start["y"] + 50, steps=4)
    page.mouse.move(end["x"] + 60, end["y"] + 120, steps=8)
    page.mouse.up()


def post(mailbox, address: str) -> list:
    """What the mail server holds for an address, once the outbox has been swept."""
    sweep_outbox()
    return [mail for mail in mailbox.messages if address in mail["To"]]


def plain(mail) -> str:
    return mail.get_body(("plain",)).get_content()


def html(mail) -> str:
    return mail.get_body(("html",)).get_content()


def link_in(mail) -> str:
    """The personal link of a mail."""
    [link] = set(LINK.findall(plain(mail)))
    return link
