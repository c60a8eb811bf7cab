"""A handful of records that show what a fresh company would not: each by its own operation."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from dealdesk.demo import cast
from dealdesk.operations.grants import give_grant
from dealdesk.operations.threads import ask_desk, reply_in_thread
from pipeline.models import Deal
from revops.company.models import Company
from revops.people.actor import Actor
from revops.people.models import Role, User
from revops.people.operations import enter_absence


def show_the_desk(*, at: datetime) -> None:
    """Two questions to the desk, one of them answered, an absence ahead, and a standing grant."""
    ask_two_questions(at=at)
    today = Company.get().local_day(at)
    leo = person("Leo")
    enter_absence(
        person=leo,
        first_day=today + timedelta(days=7),
        last_day=today + timedelta(days=11),
        delegate=person("Sofia"),
        by=Actor.of(leo),
        at=at,
    )
    give_grant(
        role=Role.SALES_MANAGER,
        person=person("Lena"),
        max_discount_percent=Decimal(12),
        max_uses=5,
        max_amount=Decimal(5000),
        ends_on=today + timedelta(days=60),
        families=["Services"],
        note="Training days that close a deal need no question.",
        by=Actor.of(person("Marc")),
        at=at,
    )


def ask_two_questions(*, at: datetime) -> None:
    """What Jonas and Lena ask about the first open deal of each, as far as they have one."""
    if deal := first_deal_of(person("Jonas")):
        body = "They want to pay on delivery of each site. Is there a wording that legal knows?"
        ask_desk(deal=deal, body=body, by=Actor.of(deal.owner), at=at)
    if deal := first_deal_of(person("Lena")):
        body = "Purchasing asks for 36 months with a way out after 12. Would anybody approve that?"
        thread = ask_desk(deal=deal, body=body, by=Actor.of(deal.owner), at=at)
        answer = "Not at a discount. At standard price finance and legal look at it."
        reply_in_thread(thread=thread, body=answer, by=Actor.of(thread.owner), at=at)


def first_deal_of(seller: User) -> Deal | None:
    return Deal.objects.open().filter(owner=seller).order_by("pk").first()


def person(first_name: str) -> User:
    return User.objects.get(email=cast.member(first_name).email)
