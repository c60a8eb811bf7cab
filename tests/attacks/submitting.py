"""Reads the forms of a page as a browser would, to send them back changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Form:
    """One form: where it goes, and what it would send untouched."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)


class Reader(HTMLParser):
    def __init__(self, address: str) -> None:
        super().__init__()
        self.address, self.forms, self.loose = address, [], {}
        self.form = self.select = self.text = None

    def handle_starttag(self, tag, attrs):
        facts = dict(attrs)
        if tag == "form":
            action = facts.get("hx-post") or facts.get("action") or self.address
            method = "post" if "hx-post" in facts else facts.get("method") or "get"
            self.form = Form(action, method.lower())
            self.forms.append(self.form)
        name = facts.get("name")
        if not name or self.form is None:
            if tag == "option" and self.select and self.form is not None:
                chosen = self.form.fields.get(self.select)
                if "selected" in facts or not chosen:
                    self.form.fields[self.select] = facts.get("value") or ""
            return
        if tag == "input":
            if facts.get("type") in ("checkbox", "radio") and "checked" not in facts:
                self.form.fields.setdefault(name, "")
            else:
                self.form.fields[name] = facts.get("value") or ""
        elif tag == "select":
            self.select = name
            self.form.fields.setdefault(name, "")
        elif tag == "textarea":
            self.text = name
            self.form.fields[name] = ""
        elif tag == "button":
            self.form.fields.setdefault(name, facts.get("value") or "")

    def handle_endtag(self, tag):
        if tag == "form":
            self.form = None
        elif tag == "select":
            self.select = None
        elif tag == "textarea":
            self.text = None

    def handle_data(self, data):
        if self.text and self.form is not None:
            self.form.fields[self.text] += data


def forms_of(address: str, html: str) -> list[Form]:
    reader = Reader(address)
    reader.feed(html)
    return reader.forms
