from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "revops.ledger"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from revops.triggers import declare

        for table in ("ledger_entry", "ledger_entryrelation", "ledger_checkpoint"):
            declare(table)
