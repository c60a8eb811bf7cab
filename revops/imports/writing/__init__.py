"""What the imports of every kind share: finding what is there, comparing, setting, counting.

All of it within the transaction of the operation that calls.
"""

from revops.imports.writing.plans import (
    BATCH,
    Plan,
    by_external_id,
    columns_of,
    fields_of_ours,
    in_batches,
    plan,
    set_fields,
    without_ours,
)
from revops.imports.writing.references import (
    Found,
    finder,
    numbered,
    reject_circles,
    reject_dangling,
    resolve,
)
from revops.imports.writing.remembering import remember, remembered
from revops.imports.writing.rows import entry, import_rows, save_changed, settle

__all__ = [
    "BATCH",
    "Found",
    "Plan",
    "by_external_id",
    "columns_of",
    "entry",
    "fields_of_ours",
    "finder",
    "import_rows",
    "in_batches",
    "numbered",
    "plan",
    "reject_circles",
    "reject_dangling",
    "remember",
    "remembered",
    "resolve",
    "save_changed",
    "set_fields",
    "settle",
    "without_ours",
]
