"""What everybody may read: the policy in words, and the price list."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from dealdesk.inputs import policy_in_force
from dealdesk.models import (
    PolicyDraft,
    Price,
    PriceList,
    Product,
    TermDiscount,
    VolumeTier,
)
from dealdesk.policyinwords import policy_words
from revops.company.models import Company
from revops.people.models import Role


@login_required
@require_safe
def policy_detail(request):
    version, policy = policy_in_force()
    context = {
        "version": version,
        "policy": policy,
        "sections": policy_words(policy, Company.get().currency),
        "may_change": request.user.has_role(Role.REVOPS_ADMIN),
        "draft": PolicyDraft.objects.first(),
    }
    return render(request, "dealdesk/policy_detail.html", context)


@login_required
@require_safe
def price_list(request):
    """Every price in force today, with the published discounts that belong to it."""
    today = Company.get().local_day(timezone.now())
    lists = list(PriceList.objects.order_by("currency"))
    currencies = [row.currency for row in lists]
    wanted = request.GET.get("currency", "")
    own = Company.get().currency
    currency = wanted if wanted in currencies else own if own in currencies else ""
    currency = currency or (currencies[0] if currencies else "")
    prices = {
        row.product_id: row
        for row in Price.objects.effective_on(today)
        .filter(price_list__currency=currency)
        .order_by("valid_from", "pk")
    }
    tiers: dict[int, list[VolumeTier]] = {}
    for tier in VolumeTier.objects.effective_on(today).order_by("from_quantity"):
        tiers.setdefault(tier.product_id, []).append(tier)
    products = Product.objects.filter(pk__in=prices, retired_at=None)
    discounts = TermDiscount.objects.effective_on(today).select_related("product")
    context = {
        "currency": currency,
        "tabs": [
            {"label": code, "url": f"?currency={code}", "current": code == currency, "count": None}
            for code in currencies
        ],
        "rows": [
            {"product": product, "price": prices[product.pk], "tiers": tiers.get(product.pk, [])}
            for product in products.order_by("family", "name", "pk")
        ],
        "term_discounts": list(discounts.order_by("product__name", "from_months")),
        "today": today,
        "may_change": request.user.has_role(Role.REVOPS_ADMIN),
    }
    return render(request, "dealdesk/price_list.html", context)
