import pytest


@pytest.fixture
def errors(page):
    """What the console complained of."""
    heard = []
    page.on("console", lambda said: heard.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    return heard
