"""What one policy says that another does not, side by side and in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import zip_longest

from dealdesk.policy import CashTiming, Policy, policy_digest
from dealdesk.policyinwords import Section, Sentence, policy_words


@dataclass(frozen=True)
class Difference:
    """One thing that is not as it was. Nothing before: it is new; nothing after: it is no more."""

    area: str
    before: str
    after: str

    def __str__(self) -> str:
        if not self.before:
            return f"{self.area}: new: {self.after}."
        if not self.after:
            return f"{self.area}: no more: {self.before}."
        return f"{self.area}: {self.before}; now: {self.after}."


def differences(before: Policy, after: Policy, currency: str = "") -> list[Difference]:
    """Return what differs, in the order of the policy's words; amounts in this currency."""
    found = []
    if before.name != after.name:
        found.append(Difference("Name", before.name, after.name))
    was, now = sections(before, currency), sections(after, currency)
    for title in dict.fromkeys([*now, *was]):
        found += changed_section(title, was.get(title), now.get(title))
    found += ranks(before, after)
    if not found and is_changed(before, after):
        prints = [policy_digest(each)[:12] for each in (before, after)]
        found.append(Difference("Details", *prints))
    return found


def is_changed(before: Policy, after: Policy) -> bool:
    """Whether they differ in more than what they are called."""
    called = replace(before, name=after.name, version=after.version)
    return policy_digest(called) != policy_digest(after)


def sections(policy: Policy, currency: str) -> dict[str, Section]:
    return {section.title: section for section in policy_words(policy, currency)}


def changed_section(title: str, was: Section | None, now: Section | None) -> Iterator[Difference]:
    if was and now and was.lead != now.lead:
        yield Difference(title, told(was.lead), told(now.lead))
    yield from changed_rules(title, was.rules if was else (), now.rules if now else ())


def changed_rules(
    area: str, was: Iterable[Sentence], now: Iterable[Sentence]
) -> Iterator[Difference]:
    """Rules about the same thing side by side, then what is gone beside what has come."""
    same = {rule.when: rule for rule in was}
    left, come = list(was), []
    for rule in now:
        if rule in left:
            left.remove(rule)
        elif (old := same.get(rule.when)) and old in left:
            left.remove(old)
            yield Difference(area, sentence(old), sentence(rule))
        else:
            come.append(rule)
    for gone, new in zip_longest(left, come):
        yield Difference(area, sentence(gone), sentence(new))


def sentence(rule: Sentence | None) -> str:
    return f"{rule.when}: {rule.then}" if rule else ""


def told(lead: str) -> str:
    return lead.rstrip(".")


def ranks(before: Policy, after: Policy) -> Iterator[Difference]:
    """Standards of the same name that stand for another timing."""
    was = {timing.label: timing.rank for timing in timings(before)}
    for timing in timings(after):
        rank = was.get(timing.label, timing.rank)
        if rank != timing.rank:
            words = [f"{timing.label} ranks {each}" for each in (rank, timing.rank)]
            yield Difference("Terms", *words)


def timings(policy: Policy) -> list[CashTiming]:
    terms = policy.terms
    return [terms.payment, terms.billing, *(each.timing for each in terms.timings)]
