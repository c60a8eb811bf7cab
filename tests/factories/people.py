"""People and teams."""

from django.db import transaction
from django.test import Client

from revops.people.actor import Actor, Via
from revops.people.models import Team, User
from tests import foundation
from tests.foundation import AT, SYSTEM

__all__ = ["AT", "SYSTEM", "by", "make_person", "make_team", "signed_in"]


@transaction.atomic
def make_person(name="Pat Price", **facts):
    """A person called `name`, admitted unless told otherwise."""
    return foundation.make_person(name, **facts)


def by(person, via=Via.WEB) -> Actor:
    """That person, as operations take them."""
    return Actor.of(person, via)


def make_team(name="North", **facts) -> Team:
    facts.setdefault("key", name.lower())
    return Team.objects.create(name=name, **facts)


def signed_in(person: User) -> Client:
    """A browser without scripts in which that person has signed in."""
    client = Client()
    client.force_login(person)
    return client
