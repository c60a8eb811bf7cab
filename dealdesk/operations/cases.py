"""The named cases that a policy is held against: added, changed, retired, taken up again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max

from dealdesk.casedefaults import follow_preset
from dealdesk.models import NonStandardTerm, PolicyCase
from dealdesk.permissions import check_can_govern
from dealdesk.policy import Role
from revops.ledger.operations import record
from revops.models import check_version
from revops.people.actor import Actor
from revops.refusals import Refused

FACTS = frozenset(
    {
        "name",
        "discount_percent",
        "annual_value",
        "months",
        "segment",
        "region",
        "family",
        "payment_days",
        "billing",
        "published_percent",
        "tier_claimed",
        "tier_earned",
        "expected",
        "roles",
    }
)


@transaction.atomic(durable=True)
def add_case(
    *,
    facts: Mapping[str, Any],
    terms: Sequence[NonStandardTerm] = (),
    by: Actor,
    at: datetime,
) -> PolicyCase:
    """Add a case that every policy must decide as expected from now on."""
    check_can_govern(by=by)
    check_known(facts)
    last = PolicyCase.objects.aggregate(last=Max("position"))["last"] or 0
    case = PolicyCase(position=last + 10, **facts)
    check_case(case)
    case.save()
    case.terms.set(terms)
    record("case.added", case, by=by, at=at, after=facts_of(case))
    return case


@transaction.atomic(durable=True)
def change_case(
    *,
    case: PolicyCase,
    facts: Mapping[str, Any],
    terms: Sequence[NonStandardTerm] | None = None,
    version: int | None = None,
    by: Actor,
    at: datetime,
) -> PolicyCase:
    """Change what a case says or expects; a shipped one then no longer follows its policy."""
    check_can_govern(by=by)
    check_known(facts)
    case = PolicyCase.objects.select_for_update().get(pk=case.pk)
    check_version(case, version)
    before = facts_of(case)
    for name, value in facts.items():
        setattr(case, name, value)
    check_case(case)
    if terms is not None:
        case.terms.set(terms)
    after = facts_of(case)
    changed = {name for name in after if after[name] != before[name]}
    if not changed:
        return case
    case.save_version(update_fields=sorted(facts))
    record(
        "case.changed",
        case,
        by=by,
        at=at,
        before={name: before[name] for name in sorted(changed)},
        after={name: after[name] for name in sorted(changed)},
    )
    return case


@transaction.atomic(durable=True)
def retire_case(*, case: PolicyCase, by: Actor, at: datetime) -> PolicyCase:
    """Hold policies against this case no longer."""
    check_can_govern(by=by)
    case = PolicyCase.objects.select_for_update().get(pk=case.pk)
    if case.retired_at is not None:
        raise Refused("This case is retired already.", code="retired")
    case.retired_at = at
    case.save_version(update_fields=["retired_at"])
    record("case.retired", case, by=by, at=at, after={"name": case.name})
    return case


@transaction.atomic(durable=True)
def restore_case(*, case: PolicyCase, by: Actor, at: datetime) -> PolicyCase:
    """Hold policies against a retired case again."""
    check_can_govern(by=by)
    case = PolicyCase.objects.select_for_update().get(pk=case.pk)
    if case.retired_at is None:
        raise Refused("This case stands already.", code="standing")
    case.retired_at = None
    check_case(case)
    case.save_version(update_fields=["retired_at"])
    record("case.restored", case, by=by, at=at, after={"name": case.name})
    return case


# Shared; all assume the transaction.


def expect_of_preset(preset: str, *, by: Actor, at: datetime) -> None:
    """Let the cases nobody has touched follow the shipped policy that is put in force."""
    for case in follow_preset(preset):
        record("case.followed", case, by=by, at=at, after=facts_of(case), why=preset)


def check_known(facts: Mapping[str, Any]) -> None:
    unknown = set(facts) - FACTS
    if unknown:
        raise Refused(f"{', '.join(sorted(unknown))} is no fact of a case.", code="invalid")


def check_case(case: PolicyCase) -> None:
    """Raise Refused naming everything that makes a case impossible."""
    asked = case.expected == PolicyCase.Expected.ASKED
    if asked and not case.roles:
        raise Refused("Say which roles must be asked.", code="roles_missing")
    if not asked:
        case.roles = []
    unknown = [role for role in case.roles if role not in {known.value for known in Role}]
    if unknown:
        raise Refused(f"{', '.join(map(str, unknown))} cannot be asked.", code="invalid")
    if case.tier_claimed is not None and case.discount_percent:
        raise Refused(
            "A case has either a discount or a volume discount claimed.", code="two_discounts"
        )
    try:
        case.full_clean()
    except ValidationError as fault:
        raise Refused(" ".join(fault.messages), code="invalid") from None


def facts_of(case: PolicyCase) -> dict[str, Any]:
    """What a case says, as the ledger keeps it."""
    facts: dict[str, Any] = {name: getattr(case, name) for name in sorted(FACTS - {"billing"})}
    facts["billing"] = case.billing.key
    facts["terms"] = sorted(case.terms.values_list("key", flat=True))
    return facts
