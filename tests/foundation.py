"""What the tests of the foundation share: a moment, the system, and people made by operation."""

from datetime import UTC, datetime

from revops.people.actor import Actor
from revops.people.changes import add_person
from revops.people.models import User

AT = datetime(2026, 11, 3, 9, 30, tzinfo=UTC)  # a Tuesday
SYSTEM = Actor.system()


def make_person(name: str, *, admitted: bool = True, **facts) -> User:
    """A person called `name`, admitted unless told otherwise."""
    facts.setdefault("email", f"{name.lower().replace(' ', '.')}@dealdesk.example")
    person = add_person(name=name, by=SYSTEM, at=AT, **facts)
    if admitted:
        person.admitted_at = AT
        person.save(update_fields=["admitted_at"])
    return person
