"""Who is asked, and how: roles ruled once, quorums that can be reached, people who exist."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dealdesk.canonical import decimal_text
from dealdesk.policy import Policy, Role, RoleRule, StepMode, asked_roles
from dealdesk.policylint.shapes import Area, Known, Lint, error, tables, warning
from dealdesk.resolving import Directory, Person
from dealdesk.wording import capital, roles_text


def same_role_twice(policy: Policy, known: Known) -> Iterator[Lint]:
    """A role is ruled once, stands once on the ladder, and belongs to one group."""
    for role in _twice(rule.role for rule in policy.roles):
        yield error(
            Area.ROLES, f"twice.{role}", f"The policy says twice how {role.label} is asked."
        )
    for role in _twice(policy.price_ladder):
        yield error(Area.STEPS, f"ladder.{role}", f"The ladder names {role.label} twice.")
    for role in _twice(role for group in policy.groups for role in group):
        yield error(
            Area.STEPS, f"group.{role}", f"Two groups are asked together with {role.label}."
        )
    for number, name, table in tables(policy):
        for band in table.bands:
            for role in _twice(band.roles):
                edge = decimal_text(band.lower)
                yield warning(
                    Area.PRICES,
                    f"twice.{number}.{edge}.{role}",
                    f"The band from {edge} % of the {name} names {role.label} twice.",
                )


def _twice(roles: Iterable[Role]) -> list[Role]:
    listed_roles = list(roles)
    return [role for role in dict.fromkeys(listed_roles) if listed_roles.count(role) > 1]


def rules_of_roles(policy: Policy, known: Known) -> Iterator[Lint]:
    """Each asked role says how it is asked, in a way that can come to an end."""
    ruled, asked = {rule.role for rule in policy.roles}, asked_roles(policy)
    for role in sorted(asked - ruled):
        yield error(
            Area.ROLES,
            f"unruled.{role}",
            f"The policy asks {role.label} but does not say how.",
            final=True,
        )
    for role in sorted(ruled - asked):
        if not (known.terms is not None or policy.terms.owners_too):
            yield warning(Area.ROLES, f"unasked.{role}", f"No rule ever asks {role.label}.")
    for rule in policy.roles:
        yield from _rule(policy, rule)


def _rule(policy: Policy, rule: RoleRule) -> Iterator[Lint]:
    label, role = capital(rule.role.label), rule.role
    if rule.hours <= 0:
        yield error(Area.ROLES, f"hours.{role}", f"{label} has no time to answer.", final=True)
    if not rule.topics:
        yield error(Area.ROLES, f"topics.{role}", f"{label} judges nothing.")
    if rule.mode is StepMode.QUORUM and rule.needed < 1:
        yield error(
            Area.ROLES, f"needed.{role}", f"{label}: a quorum needs at least one yes.", final=True
        )
    if rule.mode is StepMode.PERCENT and not 0 < rule.percent <= 100:
        yield error(
            Area.ROLES,
            f"percent.{role}",
            f"{label}: the share that must agree is 1 to 100 %.",
            final=True,
        )
    together = [group for group in policy.groups if role in group and len(group) > 1]
    if rule.mode in (StepMode.ALL_ANSWERED, StepMode.PERCENT) and together:
        others = roles_text(tuple(each for each in together[0] if each is not role))
        yield warning(
            Area.STEPS,
            f"mode.{role}",
            f"{label} is asked in one step with {others}, where one no ends the request.",
        )
    if rule.hours > policy.pending_days * 8:
        yield warning(
            Area.ROLES,
            f"expiry.{role}",
            f"{label} has {rule.hours} business hours, but a request expires after"
            f" {policy.pending_days} days.",
        )


def people(policy: Policy, known: Known) -> Iterator[Lint]:
    """Somebody can answer for every role that is asked, and there are enough of them."""
    if known.directory is None:
        return
    for role in sorted(asked_roles(policy)):
        yield from _answerable(policy.rule(role), known.directory)
    for rule in policy.roles:
        for use, email in (("fallback", rule.fallback), ("backup", rule.backup)):
            if email and not _known(email, rule.role, use, known):
                yield error(
                    Area.ROLES,
                    f"{use}.{rule.role}",
                    f"{email}, the {use} for {rule.role.label}, is nobody who can be asked.",
                )


def _answerable(rule: RoleRule, directory: Directory) -> Iterator[Lint]:
    role, label = rule.role, rule.role.label
    holders = _active(directory.holders.get(role, ()))
    if role is Role.SALES_MANAGER:
        holders += _active(directory.holders.get(Role.VP_SALES, ()))
    fallback = directory.fallbacks.get(role)
    if not holders and not (fallback and fallback.active):
        yield error(
            Area.ROLES,
            f"nobody.{role}",
            f"Nobody can be found for {label}: nobody holds the role and no fallback is named.",
        )
    needed = rule.needed if rule.mode is StepMode.QUORUM else 1
    if role is Role.SALES_MANAGER and needed > 1:
        yield error(
            Area.ROLES,
            f"quorum.{role}",
            f"{capital(label)} is one person, the nearest one, but {needed} must agree.",
        )
    elif holders and needed > len(holders):
        yield error(
            Area.ROLES,
            f"quorum.{role}",
            f"{needed} of {label} must agree, but only {len(holders)} can be asked.",
        )


def _active(holders: Iterable[Person]) -> list[Person]:
    return [person for person in holders if person.active]


def _known(email: str, role: Role, use: str, known: Known) -> bool:
    if known.emails is not None:
        return email.lower() in {each.lower() for each in known.emails}
    if use == "backup" or known.directory is None:
        return True
    person = known.directory.fallbacks.get(role)
    return person is not None and person.active
