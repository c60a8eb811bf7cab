from django.contrib import admin

from revops.administration import OperationAdmin
from revops.company import operations
from revops.company.models import Company, ExchangeRate, FieldDefinition


@admin.register(Company)
class CompanyAdmin(OperationAdmin):
    list_display = ["name", "currency", "zone"]
    fields = [
        "name",
        "zone",
        "currency",
        "rate_max_age_days",
        "close_date_from_start",
        "shown_version",
    ]

    def has_add_permission(self, request):
        return False

    def change_record(self, record, facts, by, at):
        version = facts.pop("shown_version")
        operations.change_company(changes=facts, version=version, by=by, at=at)


@admin.register(ExchangeRate)
class ExchangeRateAdmin(OperationAdmin):
    list_display = ["currency", "valid_from", "per_company_unit", "source"]
    list_filter = ["currency"]
    fields = ["currency", "valid_from", "per_company_unit", "source"]

    def get_readonly_fields(self, request, obj=None):
        return ["currency", "valid_from"] if obj else []

    def add_record(self, facts, by, at):
        facts.pop("shown_version", None)
        return operations.set_rate(**facts, by=by, at=at)

    def change_record(self, record, facts, by, at):
        operations.set_rate(
            currency=record.currency,
            valid_from=record.valid_from,
            per_company_unit=facts["per_company_unit"],
            source=facts["source"],
            by=by,
            at=at,
        )


@admin.register(FieldDefinition)
class FieldDefinitionAdmin(OperationAdmin):
    list_display = ["label", "entity", "key", "kind", "position", "archived_at"]
    list_filter = ["entity"]
    fields = ["entity", "key", "kind", "label", "help_text", "options", "position", "shown_version"]
    actions = ["archive"]

    def get_readonly_fields(self, request, obj=None):
        return ["entity", "key", "kind"] if obj else []

    def add_record(self, facts, by, at):
        facts.pop("shown_version")
        return operations.define_field(**facts, by=by, at=at)

    def change_record(self, record, facts, by, at):
        version = facts.pop("shown_version")
        operations.change_field(definition=record, changes=facts, version=version, by=by, at=at)

    @admin.action(description="Archive: offer them no longer")
    def archive(self, request, definitions):
        self.each(
            request,
            definitions,
            lambda definition, by, at: operations.archive_field(
                definition=definition, by=by, at=at
            ),
            "archived",
        )
