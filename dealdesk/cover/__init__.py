"""Whether an approval of some terms still covers the terms as they are now.

Covered is what is the same or better for us on every judged topic, while nothing that was given
in return is reduced. A later rate, another policy, a note or a name never ends cover.
"""

from dealdesk.cover.changes import Direction, FieldChange, in_words
from dealdesk.cover.covering import Cover, covers, diff, unchanged_topics, worsened_topics

__all__ = [
    "Cover",
    "Direction",
    "FieldChange",
    "covers",
    "diff",
    "in_words",
    "unchanged_topics",
    "worsened_topics",
]
