from django.contrib import admin
from django.utils import timezone

from dealdesk import operations
from dealdesk.models import (
    ApprovalRequest,
    BillingFrequency,
    Decision,
    ExceptionRecord,
    NonStandardTerm,
    PaymentTerms,
    PolicyVersion,
    Price,
    PriceList,
    Product,
    TermDiscount,
    VolumeTier,
)
from revops.administration import OperationAdmin, ReadOnlyAdmin


@admin.register(Product)
class ProductAdmin(OperationAdmin):
    list_display = ["name", "key", "family", "kind", "retired_at"]
    list_filter = ["kind", "family"]
    search_fields = ["name", "key"]
    ordering = ["name", "pk"]
    fields = ["key", "name", "family", "kind", "shown_version"]
    actions = ["retire"]

    def get_readonly_fields(self, request, obj=None):
        return ["key"] if obj else []

    def add_record(self, facts, by, at):
        facts.pop("shown_version")
        return operations.add_product(**facts, by=by, at=at)

    def change_record(self, record, facts, by, at):
        version = facts.pop("shown_version")
        operations.change_product(product=record, changes=facts, version=version, by=by, at=at)

    @admin.action(description="Retire: sell them no longer")
    def retire(self, request, products):
        self.each(
            request,
            products,
            lambda product, by, at: operations.change_product(
                product=product, changes={"retired_at": timezone.now()}, by=by, at=at
            ),
            "retired",
        )


@admin.register(Price)
class PriceAdmin(OperationAdmin):
    """A price is set anew from a day on; what held before stays as it was."""

    list_display = ["product", "price_list", "amount", "period", "valid_from", "valid_until"]
    list_filter = ["price_list", "period"]
    list_select_related = ["product", "price_list"]
    search_fields = ["product__name", "product__key"]
    ordering = ["product", "-valid_from", "pk"]
    fields = ["price_list", "product", "period", "amount", "valid_from"]

    def get_readonly_fields(self, request, obj=None):
        return ["price_list", "product", "valid_from"] if obj else []

    def add_record(self, facts, by, at):
        facts.pop("shown_version", None)
        currency = facts.pop("price_list").currency
        return operations.set_price(**facts, currency=currency, by=by, at=at)

    def change_record(self, record, facts, by, at):
        operations.set_price(
            product=record.product,
            currency=record.price_list.currency,
            valid_from=record.valid_from,
            amount=facts["amount"],
            period=facts["period"],
            by=by,
            at=at,
        )


@admin.register(VolumeTier)
class VolumeTierAdmin(OperationAdmin):
    list_display = ["product", "from_quantity", "discount_percent", "valid_from", "valid_until"]
    list_select_related = ["product"]
    search_fields = ["product__name"]
    ordering = ["product", "from_quantity", "-valid_from", "pk"]
    fields = ["product", "from_quantity", "discount_percent", "valid_from", "valid_until"]

    def get_readonly_fields(self, request, obj=None):
        return ["product", "from_quantity", "valid_from"] if obj else []

    def add_record(self, facts, by, at):
        facts.pop("shown_version", None)
        return operations.set_volume_tier(**facts, by=by, at=at)

    def change_record(self, record, facts, by, at):
        operations.set_volume_tier(
            product=record.product,
            from_quantity=record.from_quantity,
            valid_from=record.valid_from,
            discount_percent=facts["discount_percent"],
            valid_until=facts["valid_until"],
            by=by,
            at=at,
        )


@admin.register(TermDiscount)
class TermDiscountAdmin(OperationAdmin):
    list_display = ["product", "from_months", "discount_percent", "valid_from", "valid_until"]
    list_select_related = ["product"]
    ordering = ["from_months", "-valid_from", "pk"]
    fields = ["product", "from_months", "discount_percent", "valid_from", "valid_until"]

    def get_readonly_fields(self, request, obj=None):
        return ["product", "from_months", "valid_from"] if obj else []

    def add_record(self, facts, by, at):
        facts.pop("shown_version", None)
        return operations.set_term_discount(**facts, by=by, at=at)

    def change_record(self, record, facts, by, at):
        operations.set_term_discount(
            product=record.product,
            from_months=record.from_months,
            valid_from=record.valid_from,
            discount_percent=facts["discount_percent"],
            valid_until=facts["valid_until"],
            by=by,
            at=at,
        )


@admin.register(NonStandardTerm)
class NonStandardTermAdmin(OperationAdmin):
    list_display = ["name", "key", "category", "standard_value", "position", "retired_at"]
    list_filter = ["category"]
    search_fields = ["name", "key"]
    ordering = ["position", "pk"]
    fields = [
        "key",
        "name",
        "category",
        "standard_wording",
        "standard_value",
        "value_type",
        "owner_roles",
        "position",
        "shown_version",
    ]
    actions = ["retire"]

    def get_readonly_fields(self, request, obj=None):
        return ["key"] if obj else []

    def add_record(self, facts, by, at):
        facts.pop("shown_version")
        return operations.add_term(**facts, by=by, at=at)

    def change_record(self, record, facts, by, at):
        version = facts.pop("shown_version")
        operations.change_term(term=record, changes=facts, version=version, by=by, at=at)

    @admin.action(description="Retire: offer them no longer")
    def retire(self, request, terms):
        self.each(
            request,
            terms,
            lambda term, by, at: operations.change_term(
                term=term, changes={"retired_at": timezone.now()}, by=by, at=at
            ),
            "retired",
        )


@admin.register(PolicyVersion)
class PolicyVersionAdmin(ReadOnlyAdmin):
    list_display = ["number", "label", "published_at", "published_by", "in_force"]
    list_select_related = ["published_by"]
    ordering = ["-number"]


@admin.register(PriceList, PaymentTerms, BillingFrequency)
class PlainAdmin(ReadOnlyAdmin):
    ordering = ["pk"]


@admin.register(ApprovalRequest)
class ApprovalRequestAdmin(ReadOnlyAdmin):
    list_display = ["quote", "attempt", "status", "route_key", "submitted_at", "submitted_by"]
    list_select_related = ["quote__deal", "submitted_by"]
    list_filter = ["status"]
    ordering = ["-submitted_at", "-pk"]


@admin.register(Decision)
class DecisionAdmin(ReadOnlyAdmin):
    list_display = ["slot", "verdict", "decided_by", "decided_at", "via"]
    list_select_related = ["slot__person", "slot__step__request__quote__deal", "decided_by"]
    list_filter = ["verdict", "via"]
    ordering = ["-decided_at", "-pk"]


@admin.register(ExceptionRecord)
class ExceptionRecordAdmin(ReadOnlyAdmin):
    list_display = ["label", "deal", "kind", "outcome", "tier", "requested_at"]
    list_select_related = ["deal"]
    list_filter = ["kind", "outcome"]
    ordering = ["-requested_at", "-pk"]
