"""How the columns of a file become records: a TOML file, read and checked. Pure.

A mapping is refused with every problem at once, each by name.
"""

from revops.imports.mapping.parsing import has_several, parse_mapping
from revops.imports.mapping.rules import (
    EXTERNAL_ID,
    PLACEHOLDER,
    FieldRule,
    Mapping,
    RecordRule,
    StageRule,
)

__all__ = [
    "EXTERNAL_ID",
    "PLACEHOLDER",
    "FieldRule",
    "Mapping",
    "RecordRule",
    "StageRule",
    "has_several",
    "parse_mapping",
]
