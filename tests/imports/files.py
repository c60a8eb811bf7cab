"""Mappings and files small enough to be read in a test."""

from datetime import UTC, datetime

from revops.imports.drafts import draft_file
from revops.imports.kinds import kind_of
from revops.imports.mapping import parse_mapping
from revops.people.actor import Actor, Via

AT = datetime(2026, 11, 3, 9, 30, tzinfo=UTC)
LATER = datetime(2026, 11, 4, 9, 30, tzinfo=UTC)
BY = Actor.system(Via.IMPORT)

PEOPLE = """
source = "crm"
[[team]]
repeats = true
optional = true
external_id = "{office|slug}"
name = "{office}"
[[person]]
external_id = "{id}"
name = "{name}"
email = "{id}@crm.example"
team = "{office|slug}"
manager = "{boss}"
roles = "{roles}"
"""
ACCOUNTS = """
source = "crm"
[account]
external_id = "{id}"
name = "{name}"
employees = "{staff}"
parent = "{parent}"
"""
CONTACTS = """
source = "crm"
[contact]
external_id = "{id}"
name = "{name}"
email = "{mail}"
account = { column = "account", by = "name" }
"""
PRODUCTS = """
source = "crm"
[product]
external_id = "{id}"
name = "{name}"
list_price = "{price}"
price_period = "year"
"""
DEALS = """
source = "crm"
[deal]
external_id = "{id}"
name = "{name}"
account = "{account}"
owner = "{owner}"
stage = "{stage}"
amount = "{amount}"
opened_on = "{opened}"
closed_on = "{closed}"
[quote]
product = "{product}"
"""
DEALS_HEADER = "id,name,account,owner,stage,amount,opened,closed,product\n"
MAPPINGS = {
    "people": PEOPLE,
    "accounts": ACCOUNTS,
    "contacts": CONTACTS,
    "products": PRODUCTS,
    "deals": DEALS,
}


def run(kind, data, *, mapping="", at=AT, **how):
    """Import the text of a file, as the command does."""
    described = kind_of(kind)
    parsed = parse_mapping(mapping or MAPPINGS[kind], described)
    return described.run(drafts=draft_file(data.encode(), parsed), by=BY, at=at, **how)


def reasons(refusal):
    return [(bad.line, bad.reason) for bad in refusal.value.outcome.bad]
