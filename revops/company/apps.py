from django.apps import AppConfig


class CompanyConfig(AppConfig):
    name = "revops.company"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from revops.company.defaults import ensure_company
        from revops.defaults import register_default
        from revops.triggers import declare

        register_default(ensure_company)
        declare(
            "company_fielddefinition",
            free=(
                "version",
                "label",
                "help_text",
                "options",
                "position",
                "is_searchable",
                "archived_at",
            ),
            why="a field keeps its key and kind",
        )
