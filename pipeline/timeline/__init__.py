"""The ledger of a deal told as a story: verbs become sentences, numbers become names."""

from pipeline.timeline.names import choice_labels
from pipeline.timeline.reading import timeline_of
from pipeline.timeline.telling import tell

__all__ = ["choice_labels", "tell", "timeline_of"]
