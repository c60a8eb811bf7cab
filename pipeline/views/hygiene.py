"""What is wrong with the deals: counted by kind, owner and team, and the deals themselves."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from pipeline import queries
from pipeline.findings import Finding, find, kind_of, kinds, read_context
from pipeline.findings.counting import count_findings, count_of_owners, count_own
from pipeline.forms.hygiene import HygieneForm, scopes_of
from pipeline.keyset import Order, page_of
from pipeline.models import Deal
from pipeline.models.visibility import LEADS_A_LINE
from pipeline.navigation import may_read_hygiene
from pipeline.views.rights import changeable_by
from revops.people.models import Role

ROWS_AT_ONCE = 50
OWNERS_SHOWN = 25
ORDERS = {
    "amount": Order("amount", descending=True),
    "close_date": Order("close_date"),
}


def check_may_read(user) -> None:
    if not may_read_hygiene(user):
        raise PermissionDenied("Findings are for those who sell and those who see all deals.")


def may_plan(user) -> bool:
    """Whether a person may run the clean-up plan: managers and RevOps."""
    return user.has_role(*LEADS_A_LINE, Role.REVOPS_ADMIN)


@login_required
@require_safe
def hygiene(request):
    """Counts by kind, owner and team, each leading to its deals."""
    check_may_read(request.user)
    at = timezone.now()
    form = HygieneForm(request.GET, user=request.user)
    counted = counted_for(request.user, form.filters(), at)
    everybody = "everybody" in request.GET
    owners = counted.owners if everybody else counted.owners[:OWNERS_SHOWN]
    query = {name: value for name, value in form.data.items() if value and name != "everybody"}
    context = {
        "form": form,
        "total": counted.total,
        "value": counted.value(at),
        "kinds": kind_rows(counted.total.counts, query),
        "owners": rows_with(owners, "owner", query),
        "more_owners": len(counted.owners) - len(owners),
        "teams": rows_with(counted.teams, "team", query),
        "tabs": scope_tabs(request, form),
        "own": count_own(request.user, at),
        "may_plan": may_plan(request.user),
        "deals_url": deals_url(query),
    }
    return render(request, "pipeline/hygiene/hygiene.html", context)


def counted_for(user, filters, at):
    """The findings of the deals that are asked: kept by owner, where nothing else is asked."""
    whose = queries.owners_in(filters, user)
    if whose is None:
        return count_findings(queries.deals_for(user, filters, at=at), read_context(at))
    return count_of_owners(whose, read_context(at))


def deals_url(query) -> str:
    return f"{reverse('pipeline:hygiene-deals')}?{urlencode(query)}"


@dataclass(frozen=True)
class KindRow:
    """One kind of finding with its count, and where its deals are."""

    kind: object
    count: int
    url: str


def kind_rows(counts, query) -> list[KindRow]:
    return [
        KindRow(kind, counts[kind.key], deals_url({**query, "kind": kind.key})) for kind in kinds()
    ]


def rows_with(rows, name: str, query) -> list[dict]:
    """Each owner or team with its counts, and where its deals are."""
    others = {key: value for key, value in query.items() if key != name}
    base = deals_url(others) + ("&" if others else "")
    return [{"row": row, "url": f"{base}{name}={row.number}"} for row in rows]


def scope_tabs(request, form) -> list[dict]:
    tabs = [
        {"label": label, "url": f"?scope={key}", "current": key == form.scope_key}
        for key, label in scopes_of(request.user)
    ]
    return tabs if len(tabs) > 1 else []


@login_required
@require_safe
def hygiene_deals(request):
    """The deals that have a finding: filtered, sorted, paged by key, each with all its findings."""
    check_may_read(request.user)
    at = timezone.now()
    form = HygieneForm(request.GET, user=request.user)
    # That they are open, the findings say.
    deals = queries.deals_for(request.user, replace(form.filters(), status=""), at=at)
    found, order = find(deals, form.keys(), read_context(at)), order_of(form)
    page = page_of(
        found,
        order,
        after=request.GET.get("after", ""),
        size=ROWS_AT_ONCE,
        whole=queries.shown_deals(order.field),
    )
    cards = queries.cards_of(page.rows, at=at)
    wanted = set(form.keys())
    changeable = changeable_by(request.user, [card.deal for card in cards])
    kind = kind_of(form.cleaned_data.get("kind") or "")
    context = {
        "form": form,
        "kind": kind,
        "rows": [
            DealRow(card.deal, sort_of(card.findings, wanted), card.deal.pk in changeable)
            for card in cards
        ],
        "total": queries.capped_total(found),
        "next": page.next,
        "is_first": not request.GET.get("after"),
        "back": f"{reverse('pipeline:hygiene')}?{urlencode({'scope': form.scope_key})}",
        "may_plan": may_plan(request.user),
    }
    return render(request, "pipeline/hygiene/deals.html", context)


@dataclass(frozen=True)
class DealRow:
    """One deal with its findings, those that were asked for first."""

    deal: Deal
    findings: list[Finding]
    can_change: bool

    @property
    def worst(self) -> Finding | None:
        return self.findings[0] if self.findings else None


def sort_of(findings, wanted) -> list[Finding]:
    return sorted(findings, key=lambda each: each.kind not in wanted)


def order_of(form: HygieneForm) -> Order:
    """Longest standing first: by the column that says since when, of the kind that is asked."""
    sort = form.cleaned_data.get("sort") or "since"
    if sort in ORDERS:
        return ORDERS[sort]
    kind = kind_of(form.cleaned_data.get("kind") or "")
    return Order(kind.order if kind else "close_date")
