"""Importing accounts, contacts and deals. Other apps add to deals by register_extension."""

from pipeline.imports.accounts import accounts_kind, contacts_kind, import_accounts, import_contacts
from pipeline.imports.deals import deals_kind, import_deals
from pipeline.imports.extensions import DealExtension, register_extension
from pipeline.imports.history import history_kind, import_stage_history
from pipeline.imports.quotas import import_quotas, quotas_kind
from revops.imports.kinds import register_kind

register_kind("accounts", accounts_kind)
register_kind("contacts", contacts_kind)
register_kind("deals", deals_kind)
register_kind("stage-history", history_kind)
register_kind("quotas", quotas_kind)

__all__ = [
    "DealExtension",
    "import_accounts",
    "import_contacts",
    "import_deals",
    "import_quotas",
    "import_stage_history",
    "register_extension",
]
