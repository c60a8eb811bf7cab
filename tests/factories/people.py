"""People and teams."""

from revops.people.actor import Actor, Via
from revops.people.models import Team
from tests.foundation import AT, SYSTEM, make_person

__all__ = ["AT", "SYSTEM", "by", "make_person", "make_team"]


def by(person, via=Via.WEB) -> Actor:
    """That person, as operations take them."""
    return Actor.of(person, via)


def make_team(name="North", **facts) -> Team:
    facts.setdefault("key", name.lower())
    return Team.objects.create(name=name, **facts)
