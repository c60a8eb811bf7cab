"""Which earlier approvals still hold for terms that are submitted again, topic by topic."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from dealdesk import cover
from dealdesk.coverage import approval_words, at_rate_of
from dealdesk.exclusions import family_of
from dealdesk.models import ApprovalRequest, ApprovalSlot, CounterOffer, Decision, Quote
from dealdesk.policy import Axis, Policy, Role, Topic, policy_from_json, price_authority
from dealdesk.routing import Route, RouteGroup, route_from_plain
from dealdesk.terms import Terms, from_canonical
from dealdesk.wording import listed

Place = tuple[str, str]
"""A group of a route: the key of its step, and its role."""


@dataclass(frozen=True)
class Given:
    """An approval given earlier, in a role, and the terms that it was given on."""

    role: str
    decision: Decision
    terms: Terms
    policy: Policy

    @property
    def topics(self) -> set[Topic]:
        return {Topic(topic) for topic in self.decision.topics}

    @property
    def people(self) -> set[int | None]:
        """Who decided, and for whom."""
        return {self.decision.decided_by_id, self.decision.on_behalf_of_id}

    def good_until(self) -> datetime:
        return self.decision.decided_at + timedelta(days=self.policy.validity_days)


@dataclass
class Carried:
    """The approvals that stand, by their place in the route, and those that do not, with why."""

    standing: dict[Place, Decision] = field(default_factory=dict)
    lost: list[tuple[Decision, str]] = field(default_factory=list)

    def words(self, route: Route, at: datetime) -> list[str]:
        """What stands and who is asked: "Ana's approval of Tuesday stands; only legal is asked"."""
        if not self.standing:
            return []
        held = list(dict.fromkeys(self.standing.values()))
        names = listed(approval_words(decision, at) for decision in held)
        stand = "stands" if len(held) == 1 else "stand"
        asked = [
            group.role.label
            for step in route.steps
            for group in step.groups
            if (step.key, group.role.value) not in self.standing
        ]
        verb = "is" if len(asked) == 1 else "are"
        rest = f"only {listed(asked)} {verb} asked" if asked else "nobody is asked again"
        return [f"{names} {stand}; {rest}."]


def carried_forward(
    quote: Quote, terms: Terms, route: Route, excluded: Mapping[int, str], *, at: datetime
) -> Carried:
    """Return what the last attempt leaves standing for these terms.

    An approval holds while each of its topics is the same or better for us than what it judged
    itself, within the tolerance, in its time, not taken back, its author free to decide. It
    answers in its own role, and for the price in any lower one. A counter-offer is an approval of
    the terms that it offers.
    """
    last = last_attempt(quote)
    if last is None or last.is_pending or last.status == ApprovalRequest.Status.CONSUMED:
        return Carried()
    found = Carried()
    given = [each for each in given_in(last) if not excluded.keys() & each.people]
    changes = {id(each): change_since(each, terms) for each in given}
    for step in route.steps:
        taken: set[int] = set()
        for group in step.groups:
            for each in sorted(given, key=lambda each: each.role != group.role.value):
                change = changes[id(each)]
                person = each.decision.decided_by_id
                if person in taken or not answers_for(each, group, change, at):
                    continue
                found.standing[step.key, group.role.value] = each.decision
                taken.add(person)
                break
    found.lost = list(no_longer(given, changes, route, found.standing.values(), at))
    return found


def last_attempt(quote: Quote) -> ApprovalRequest | None:
    requests = ApprovalRequest.objects.filter(quote__in=family_of(quote))
    return requests.select_related("snapshot", "policy").order_by("-attempt").first()


def given_in(request: ApprovalRequest) -> list[Given]:
    """The approvals an attempt rests on, those it carried itself too; who decided last first."""
    slots = (
        ApprovalSlot.objects.filter(step__request=request)
        .select_related("step", *(f"{path}__{name}" for path in DECISIONS for name in READ))
        .select_related(*(f"carried_from__{name}" for name in JUDGED))
        .order_by("-pk")
    )
    found = []
    for slot in slots:
        # Its own decision is about this slot, this request and its terms, which are read already.
        slot.step.request = request
        decision = slot.carried_from or getattr(slot, "decision", None)
        if decision is None or hasattr(decision, "revocation"):
            continue
        body = body_approved(decision)
        if body:
            policy = policy_from_json(decision.slot.step.request.policy.body)
            found.append(Given(slot.role, decision, from_canonical(body), policy))
    return found


DECISIONS = ("decision", "carried_from")
READ = ("decided_by", "revocation", "counter")
JUDGED = ("slot__step__request__snapshot", "slot__step__request__policy")


def body_approved(decision: Decision) -> str:
    """The terms that a decision says yes to; "" when it says no, or its offer was turned down."""
    if decision.verdict == Decision.Verdict.APPROVED:
        return decision.slot.step.request.snapshot.body
    offer: CounterOffer | None = getattr(decision, "counter", None)
    if offer is None or offer.answer not in (None, CounterOffer.Answer.ACCEPTED):
        return ""
    return offer.body


def change_since(given: Given, terms: Terms) -> cover.Cover:
    """What is worse now than in the terms that this approval itself judged.

    Never held against an attempt it was carried to: a tolerance is not to be added up.
    """
    return cover.covers(given.terms, at_rate_of(given.terms, terms), given.policy)


def answers_for(given: Given, group: RouteGroup, change: cover.Cover, at: datetime) -> bool:
    """Whether an approval still answers for one role of the route."""
    if group.needed != 1 or at >= given.good_until():
        return False
    if not has_authority(given.decision.slot, given.role, group, given.policy):
        return False
    if not given.topics >= judged_in(group) or newly_asked(group, change):
        return False
    return change.holds_for(judged_in(group))


def has_authority(slot: ApprovalSlot, role: str, group: RouteGroup, policy: Policy) -> bool:
    """Their own role, or one below it on the price ladder, both asked about the price."""
    if role == group.role.value:
        return True
    mine = next((each for each in policy.price_ladder if each.value == role), None)
    if mine is None or not is_for_price(group) or not was_asked_about_price(slot):
        return False
    needed = price_authority(policy, (group.role,))
    return 0 < needed <= price_authority(policy, (mine,))


def was_asked_about_price(slot: ApprovalSlot) -> bool:
    for step in route_from_plain(slot.step.request.route).steps:
        for group in step.groups:
            if (step.key, group.role.value) == (slot.step.key, slot.role):
                return any(reason.axis is Axis.PRICE for reason in group.reasons)
    return False


def left_to_ask(route: Route, slot: ApprovalSlot, policy: Policy) -> list[Role]:
    """Who else would be asked, if the person of this slot agreed to such a route."""
    groups = [group for step in route.steps for group in step.groups]
    return [g.role for g in groups if not has_authority(slot, slot.role, g, policy)]


def is_for_price(group: RouteGroup) -> bool:
    return all(reason.axis is Axis.PRICE for reason in group.reasons)


def judged_in(group: RouteGroup) -> set[Topic]:
    return set(group.topics)


def newly_asked(group: RouteGroup, change: cover.Cover) -> bool:
    return any(
        found.direction is cover.Direction.NEW_ROLE and found.now == group.role.value
        for found in change.worsened
    )


def no_longer(
    given: Sequence[Given],
    changes: Mapping[int, cover.Cover],
    route: Route,
    standing: Collection[Decision],
    at: datetime,
) -> Iterator[tuple[Decision, str]]:
    """Approvals that a role of the route is asked again in spite of, each with what changed."""
    asked = {role.value for role in route.roles}
    for each in given:
        if each.decision in standing or each.role not in asked:
            continue
        worse = [c for c in changes[id(each)].worsened if c.topic in each.topics]
        why = " ".join(cover.in_words(worse)[:2])
        if not why and at >= each.good_until():
            why = "Its time is over."
        if why:
            yield (
                each.decision,
                f"{approval_words(each.decision, at)} does not reach this far. {why}",
            )
