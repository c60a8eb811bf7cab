"""The draft of a policy as the policy it would be, and back: rows to data, data to rows.

Nothing here locks or records; `write_policy` assumes the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db.models import prefetch_related_objects

from dealdesk.canonical import decimal_text
from dealdesk.models import (
    DraftBand,
    DraftCategory,
    DraftFloor,
    DraftRole,
    DraftSegment,
    DraftTable,
    DraftTiming,
    PolicyDraft,
    PolicyVersion,
)
from dealdesk.policy import (
    CashTiming,
    CashTimingFor,
    CategoryRule,
    EnterpriseWith,
    Floor,
    JudgedBasis,
    Materiality,
    Policy,
    PriceBand,
    PriceTable,
    Role,
    RoleRule,
    SamePerson,
    SegmentBand,
    SizeAxis,
    SizeMode,
    StepMode,
    StepOrder,
    StepUp,
    StructureAxis,
    TermCategory,
    TermsAxis,
    TimingKind,
    Topic,
)
from dealdesk.presets import ACKNOWLEDGED

ROWS = ("tables__bands", "floors", "timings", "categories", "segments", "roles")


def draft_policy(draft: PolicyDraft) -> Policy:
    """Return the policy that the rows of a draft say."""
    prefetch_related_objects([draft], *ROWS)
    return Policy(
        version=draft.code,
        name=draft.name,
        prices=tuple(read_table(table) for table in placed(draft.tables.all())),
        terms=read_terms(draft),
        structure=read_structure(draft),
        size=SizeAxis(
            SizeMode(draft.size_mode), trimmed(draft.size_threshold), as_roles(draft.size_roles)
        ),
        segments=tuple(
            SegmentBand(row.key, row.label, row.from_heads) for row in placed(draft.segments.all())
        ),
        roles=tuple(read_role(row) for row in placed(draft.roles.all())),
        segment_of_parent=draft.segment_of_parent,
        price_ladder=as_roles(draft.price_ladder),
        ladder=draft.ladder,
        order=StepOrder(draft.order),
        groups=tuple(as_roles(group) for group in draft.groups),
        one_veto=draft.one_veto,
        materiality=Materiality(
            trimmed(draft.material_share_percent), trimmed(draft.material_amount)
        ),
        tolerance_percent=trimmed(draft.tolerance_percent),
        validity_days=draft.validity_days,
        pending_days=draft.pending_days,
        revoke_hours=draft.revoke_hours,
        floors=tuple(
            Floor(JudgedBasis(row.basis), trimmed(row.percent))
            for row in placed(draft.floors.all())
        ),
        same_person=SamePerson(draft.same_person),
    )


def trimmed(value: Decimal) -> Decimal:
    """A figure as people write it: what a column pads with noughts is taken off again."""
    return Decimal(decimal_text(value))


def placed(rows: Iterable[Any]) -> list[Any]:
    return sorted(rows, key=lambda row: row.position)


def as_roles(codes: Iterable[str]) -> tuple[Role, ...]:
    return tuple(Role(code) for code in codes)


def read_table(table: DraftTable) -> PriceTable:
    bands = tuple(
        PriceBand(trimmed(row.lower), as_roles(row.roles)) for row in placed(table.bands.all())
    )
    return PriceTable(
        tuple(JudgedBasis(code) for code in table.bases), bands, tuple(table.families)
    )


def read_terms(draft: PolicyDraft) -> TermsAxis:
    timings = placed(draft.timings.all())
    general = {row.kind: read_timing(row) for row in timings if row.is_general}
    return TermsAxis(
        payment=general[TimingKind.PAYMENT],
        billing=general[TimingKind.BILLING],
        volume_roles=as_roles(draft.volume_roles),
        categories=tuple(
            CategoryRule(TermCategory(row.category), as_roles(row.roles))
            for row in placed(draft.categories.all())
        ),
        adopted=tuple(draft.adopted),
        owners_too=draft.owners_too,
        timings=tuple(
            CashTimingFor(TimingKind(row.kind), row.segment, row.region, read_timing(row))
            for row in timings
            if not row.is_general
        ),
    )


def read_timing(row: DraftTiming) -> CashTiming:
    return CashTiming(row.label, row.rank, as_roles(row.roles))


def read_structure(draft: PolicyDraft) -> StructureAxis:
    only_with = None
    if draft.enterprise_needs_more:
        only_with = EnterpriseWith(
            draft.with_nonstandard_term,
            draft.with_beyond_authority,
            None
            if draft.with_annual_value_above is None
            else trimmed(draft.with_annual_value_above),
        )
    return StructureAxis(
        draft.standard_months,
        as_roles(draft.long_term_roles),
        as_roles(draft.custom_multiyear_roles),
        tuple(draft.enterprise_segments),
        as_roles(draft.enterprise_roles),
        draft.unknown_as,
        only_with,
    )


def read_role(row: DraftRole) -> RoleRule:
    return RoleRule(
        Role(row.role),
        tuple(Topic(code) for code in row.topics),
        row.hours,
        StepMode(row.mode),
        row.needed,
        row.fallback,
        StepUp(row.step_up),
        row.backup,
        row.percent,
    )


def meant_in(version: PolicyVersion | None) -> dict[str, str]:
    """The findings that are meant in a version, with why; a shipped one says so of itself."""
    if version is None:
        return {}
    meant = {each["key"]: each["note"] for each in version.acknowledged}
    return {**ACKNOWLEDGED.get(version.preset, {}), **meant}


# Writing


def write_policy(draft: PolicyDraft, policy: Policy) -> None:
    """Make the columns and rows of a saved draft say what `policy` says; the caller saves it."""
    for name, value in columns_of(policy).items():
        setattr(draft, name, value)
    # What was read before the change is not what the rows say after it.
    vars(draft).pop("_prefetched_objects_cache", None)
    for rows in (draft.tables, draft.floors, draft.timings, draft.categories):
        rows.all().delete()
    draft.segments.all().delete()
    draft.roles.all().delete()
    write_tables(draft, policy)
    write_timings(draft, policy.terms)
    DraftFloor.objects.bulk_create(
        DraftFloor(draft=draft, position=place, basis=floor.basis.value, percent=floor.percent)
        for place, floor in enumerate(policy.floors)
    )
    DraftCategory.objects.bulk_create(
        DraftCategory(
            draft=draft, position=place, category=rule.category.value, roles=codes(rule.roles)
        )
        for place, rule in enumerate(policy.terms.categories)
    )
    DraftSegment.objects.bulk_create(
        DraftSegment(
            draft=draft,
            position=place,
            key=band.key,
            label=band.label,
            from_heads=band.from_heads,
        )
        for place, band in enumerate(policy.segments)
    )
    DraftRole.objects.bulk_create(
        role_row(draft, place, rule) for place, rule in enumerate(policy.roles)
    )


def codes(values: Iterable[Any]) -> list[str]:
    return [value.value for value in values]


def columns_of(policy: Policy) -> dict[str, Any]:
    """The columns of a draft, by name, that say what is one of a kind in a policy."""
    terms, structure = policy.terms, policy.structure
    more = structure.only_with
    return {
        "name": policy.name,
        "code": policy.version,
        "volume_roles": codes(terms.volume_roles),
        "owners_too": terms.owners_too,
        "adopted": list(terms.adopted),
        "standard_months": structure.standard_months,
        "long_term_roles": codes(structure.long_term_roles),
        "custom_multiyear_roles": codes(structure.custom_multiyear_roles),
        "enterprise_segments": list(structure.enterprise_segments),
        "enterprise_roles": codes(structure.enterprise_roles),
        "unknown_as": structure.unknown_as,
        "enterprise_needs_more": more is not None,
        "with_nonstandard_term": more.nonstandard_term if more else True,
        "with_beyond_authority": more.beyond_rep_authority if more else True,
        "with_annual_value_above": more.annual_value_above if more else None,
        "size_mode": policy.size.mode.value,
        "size_threshold": policy.size.threshold,
        "size_roles": codes(policy.size.roles),
        "segment_of_parent": policy.segment_of_parent,
        "price_ladder": codes(policy.price_ladder),
        "ladder": policy.ladder,
        "order": policy.order.value,
        "groups": [codes(group) for group in policy.groups],
        "one_veto": policy.one_veto,
        "same_person": policy.same_person.value,
        "material_share_percent": policy.materiality.share_percent,
        "material_amount": policy.materiality.amount,
        "tolerance_percent": policy.tolerance_percent,
        "validity_days": policy.validity_days,
        "pending_days": policy.pending_days,
        "revoke_hours": policy.revoke_hours,
    }


def write_tables(draft: PolicyDraft, policy: Policy) -> None:
    tables = DraftTable.objects.bulk_create(
        DraftTable(
            draft=draft, position=place, bases=codes(table.bases), families=list(table.families)
        )
        for place, table in enumerate(policy.prices)
    )
    DraftBand.objects.bulk_create(
        DraftBand(table=row, position=place, lower=band.lower, roles=codes(band.roles))
        for row, table in zip(tables, policy.prices, strict=True)
        for place, band in enumerate(table.bands)
    )


def write_timings(draft: PolicyDraft, terms: TermsAxis) -> None:
    general = (
        CashTimingFor(TimingKind.PAYMENT, "", "", terms.payment),
        CashTimingFor(TimingKind.BILLING, "", "", terms.billing),
    )
    DraftTiming.objects.bulk_create(
        DraftTiming(
            draft=draft,
            position=place,
            kind=other.kind.value,
            is_general=place < len(general),
            segment=other.segment,
            region=other.region,
            label=other.timing.label,
            rank=other.timing.rank,
            roles=codes(other.timing.roles),
        )
        for place, other in enumerate((*general, *terms.timings))
    )


def role_row(draft: PolicyDraft, place: int, rule: RoleRule) -> DraftRole:
    return DraftRole(
        draft=draft,
        position=place,
        role=rule.role.value,
        topics=codes(rule.topics),
        hours=rule.hours,
        mode=rule.mode.value,
        needed=rule.needed,
        percent=rule.percent,
        fallback=rule.fallback,
        backup=rule.backup,
        step_up=rule.step_up.value,
    )
