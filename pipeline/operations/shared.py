"""What several operations do with a deal. All of it assumes the caller's transaction and lock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from django.core.exceptions import ValidationError
from django.db.models import Field, Model

from pipeline import registry
from pipeline.addedfields import keep_files, search_text
from pipeline.findings import keeping
from pipeline.gates import Ask, ask_of_debt, is_met, load_facts, unpaid_debts
from pipeline.models import Account, Choice, Deal, GateDebt, StageRule
from pipeline.registry import CUSTOM, DealFacts
from pipeline.stages import Process, process_by_id
from pipeline.standings import follow, standing_of
from revops.addresses import number_in
from revops.company.fields import validate_custom
from revops.company.models import Company, validate_currency
from revops.ledger.operations import record
from revops.locks import Lock, share_lock
from revops.models import check_version
from revops.outbox.operations import notify
from revops.people.actor import Actor
from revops.people.models import User
from revops.refusals import Missing, Refused

MONEY = frozenset({"amount", "currency"})
NOTES = frozenset(
    {
        "pain_points",
        "current_solution",
        "timeline",
        "technical_requirements",
        "stakeholder_map",
        "redlines",
        "contract_reference",
        "competitor",
    }
)
PLAN = frozenset({"next_step", "next_step_date"})
FORECAST = frozenset({"product", "forecast_category"})
TYPED = frozenset({"name", "account", "deal_source", "fit_score"}) | MONEY | NOTES | PLAN | FORECAST
"""The columns of a deal that people type; the others have verbs of their own."""

CLOSING = frozenset({"loss_reason", "loss_note"})
LISTS = {"deal_source": Choice.List.SOURCE, "loss_reason": Choice.List.LOSS_REASON}


def lock_deal(deal: Deal, *, version: int | None = None) -> Deal:
    """Return the deal as it is now, held until the transaction ends.

    Rows that only point at the deal (activities, pushes) may still be added by others.
    """
    # Rules are published alone: whoever holds a deal judges it by the old ones or the new ones.
    share_lock(Lock.RULES)
    # Without joins: after a wait PostgreSQL asks the new row against the old rows beside it,
    # and a deal whose stage changed in the meantime would not be found at all.
    found = Deal.objects.select_for_update(no_key=True).get(pk=deal.pk)
    check_version(found, version)
    return found


def check_open(deal: Deal) -> None:
    if not deal.is_open:
        raise Refused("This deal is closed. Reopen it first.", code="closed")


# Reading what was typed


def read_changes(
    deal: Deal, changes: Mapping[str, Any], *, fields: frozenset[str] = TYPED
) -> dict[str, Any]:
    """Return the values as the deal keeps them. Refuses naming every fault at once."""
    values: dict[str, Any] = {}
    faults: list[Missing] = []
    for name, value in split_custom(changes)[0].items():
        try:
            values[name] = read_value(deal, name, value, fields)
        except ValidationError as fault:
            label = str(column_of(name).verbose_name) if name in fields else name
            faults.append(Missing(name, label[:1].upper() + label[1:], " ".join(fault.messages)))
    if faults:
        text = " ".join(f"{fault.label}: {fault.sentence}" for fault in faults)
        raise Refused(text, code="invalid", missing=faults)
    return values


def read_value(deal: Deal, name: str, value: Any, fields: frozenset[str]) -> Any:
    """Return one value as its column keeps it; raises ValidationError with a sentence."""
    if name not in fields:
        raise ValidationError("This is not changed in this way.")
    if name == "account":
        return read_account(value)
    field = column_of(name)
    if isinstance(value, str):
        value = value.strip() or None
    if value is None:
        value = None if field.null else ""
    value = field.clean(value, deal)
    if name == "amount" and value is not None and value < 0:
        raise ValidationError("An amount is nought or more.")
    if name == "currency":
        validate_currency(value)
    if name == "forecast_category" and value == StageRule.ForecastCategory.CLOSED:
        raise ValidationError("Only closing a deal makes it closed.")
    if name in LISTS and value:
        check_choice(LISTS[name], value)
    return value


def column_of(name: str) -> Field[Any, Any]:
    return cast("Field[Any, Any]", Deal._meta.get_field(name))


def read_account(value: Any) -> Account:
    if isinstance(value, Account):
        return value
    if account := Account.objects.filter(pk=number_in(value) or 0).first():
        return account
    raise ValidationError("Choose an account.")


def check_choice(list_: str, key: str) -> None:
    """Raise ValidationError unless `key` stands in the pick list."""
    if not Choice.objects.filter(list=list_, key=key, retired_at=None).exists():
        raise ValidationError(f"“{key}” is not in the list.")


def split_custom(changes: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Divide typed columns from fields the company added (`custom` or `custom.<key>`)."""
    typed = {name: value for name, value in changes.items() if name != "custom"}
    custom = dict(changes.get("custom") or {})
    for name in [name for name in typed if name.startswith(CUSTOM)]:
        custom[name.removeprefix(CUSTOM)] = typed.pop(name)
    return typed, custom


def merge_custom(
    record_: Model, entity: str, values: Mapping[str, Any], *, by: Actor, at: datetime
) -> dict[str, Any]:
    """Return the record's own fields with `values` put in; an empty value takes one out.

    An upload becomes an attachment of the record on the way.
    """
    if values:
        values = keep_files(record_, entity, values, by=by, at=at)
    merged = {**record_.custom, **validate_custom(entity, values)}  # type: ignore[attr-defined]
    return {key: value for key, value in merged.items() if value is not None}


# Writing facts


def check_not_locked(deal: Deal, names: Iterable[str]) -> None:
    """Raise Refused when another app keeps one of these fields, or the deal is closed to it."""
    locks = registry.field_locks()
    for name in sorted(names):
        if why := locks[name](deal) if name in locks else "":
            raise Refused(why, code="locked", field=name)
        if name in MONEY | {"account"} and not deal.is_open:
            raise Refused(
                "The account and the amount of a closed deal stand. Reopen it first.",
                code="closed",
            )


def change_facts(
    deal: Deal,
    changes: Mapping[str, Any],
    *,
    by: Actor,
    at: datetime,
    fields: frozenset[str] = TYPED,
) -> frozenset[str]:
    """Write the facts that differ, with everything that follows; return their names."""
    values = read_changes(deal, changes, fields=fields)
    if custom := split_custom(changes)[1]:
        values["custom"] = merge_custom(deal, "deal", custom, by=by, at=at)
    changed = {name: value for name, value in values.items() if getattr(deal, name) != value}
    if changed:
        check_not_locked(deal, changed)
        write_facts(deal, changed, by=by, at=at)
        tell_listeners(deal, frozenset(changed), by=by, at=at)
    return frozenset(changed)


def write_facts(
    deal: Deal,
    changed: Mapping[str, Any],
    *,
    by: Actor,
    at: datetime,
    verb: str = "deal.changed",
    why: str = "",
) -> None:
    """Save `changed` as the deal's next version: standings, search text and ledger follow."""
    stood = standing_of(deal)
    before = {name: getattr(deal, name) for name in changed}
    for name, value in changed.items():
        setattr(deal, name, value)
    touched = set(changed)
    if touched & {"name", "account", "custom"}:
        deal.search_text = search_text_of(deal)
        touched.add("search_text")
    deal.save_version(update_fields=sorted(touched))
    follow(deal, stood, at=at)
    record(verb, deal, by=by, at=at, before=before, after=changed, why=why)


def set_amount(
    deal: Deal,
    amount: Any,
    currency: str,
    *,
    product: str | None = None,
    by: Actor,
    at: datetime,
) -> None:
    """Give a locked deal the amount and the main product of its primary quote.

    For the app that keeps the quotes; without a product the deal keeps the one it has.
    """
    values = {"amount": amount, "currency": currency}
    if product is not None:
        values["product"] = product[:200]
    changed = {name: value for name, value in values.items() if getattr(deal, name) != value}
    if changed:
        write_facts(deal, changed, by=by, at=at, verb="deal.amount_set")


def search_text_of(deal: Deal) -> str:
    return search_text(deal.name, deal.account.name if deal.account else "", deal.custom)


def tell_listeners(deal: Deal, fields: frozenset[str], *, by: Actor, at: datetime) -> None:
    """Tell other apps, in this transaction, that facts changed which their rules may read."""
    for listener in registry.deal_changed():
        listener(deal, fields, by=by, at=at)


# Debts


def pay_debts(
    deal: Deal,
    *,
    by: Actor,
    at: datetime,
    facts: DealFacts | None = None,
    debts: Sequence[GateDebt] | None = None,
) -> list[GateDebt]:
    """Mark as paid what skipped stages were owed and the deal has by now; return these."""
    unpaid = unpaid_debts(deal) if debts is None else debts
    if not unpaid:
        return []
    facts = facts or load_facts(deal, at)
    paid = [debt for debt in unpaid if is_met(deal, ask_of_debt(debt), facts)]
    if paid:
        rows = GateDebt.objects.filter(pk__in=[debt.pk for debt in paid], paid_at=None)
        rows.update(paid_at=at, paid_by=by.user)
        after = {"items": owed_names(paid), "labels": [debt.label for debt in paid]}
        record("deal.debt_paid", deal, by=by, at=at, after=after)
    return paid


def incur_debts(
    deal: Deal, asks: Iterable[Ask], process: Process, *, reason: str, by: Actor, at: datetime
) -> list[GateDebt]:
    """Write down what a skipped stage asks and the deal does not have, each once.

    The owner of that day owes it, and the pipeline says within how many days.
    """
    owed = {(debt.stage_id, debt.item_key) for debt in unpaid_debts(deal)}
    due_on = Company.get().local_day(at) + timedelta(days=process.debt_days)
    debts = [
        GateDebt(
            deal=deal,
            stage_id=process.rule(ask.stage).stage_id,
            item_key=ask.key,
            label=ask.label,
            is_criterion=ask.is_criterion,
            none_allowed=ask.none_allowed,
            reason=reason,
            owner_id=deal.owner_id,
            due_on=due_on,
            incurred_at=at,
            incurred_by=by.user,
        )
        for ask in asks
        if (process.rule(ask.stage).stage_id, ask.key) not in owed
    ]
    return GateDebt.objects.bulk_create(debts)


def follow_evidence(deal: Deal, *, by: Actor, at: datetime) -> None:
    """Pay the debts that are met by now, and let what findings ask follow the same facts."""
    facts = load_facts(deal, at)
    pay_debts(deal, by=by, at=at, facts=facts)
    keeping.refresh(deal, at, facts=facts)


def follow_files(about_id: int, *, by: Actor, at: datetime) -> None:
    """The same after a file of the deal was attached or removed."""
    follow_evidence(lock_deal(Deal(pk=about_id)), by=by, at=at)


def follow_happenings(deal: Deal, *, by: Actor, at: datetime) -> None:
    """The same after something that only a derived criterion reads: an activity, a plan."""
    rules = process_by_id(deal.pipeline_id).rules
    if any(criterion.derived_from for rule in rules for criterion in rule.criteria):
        follow_evidence(deal, by=by, at=at)


def owed_names(debts: Iterable[GateDebt]) -> list[str]:
    return [debt.item_key for debt in debts]


# Telling people


def owner_and_manager(deal: Deal) -> list[User]:
    """The owner and the manager above them, where there is one."""
    manager = deal.owner.manager
    return [deal.owner, manager] if manager else [deal.owner]


def tell(
    people: Iterable[User],
    event: str,
    deal: Deal,
    *,
    key: object,
    by: Actor,
    at: datetime,
    **facts: str,
) -> None:
    """Notify each of `people` once of something about this deal."""
    context = {"deal": deal.name, "who": by.name, "owner": deal.owner.name, **facts}
    for person in dict.fromkeys(people):
        notify(
            person,
            event,
            about=deal,
            dedupe_key=f"{deal.pk}:{key}",
            at=at,
            context=context,
            link=f"deal:{deal.pk}",
        )
