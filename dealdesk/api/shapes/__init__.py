"""What the deal desk's endpoints take and give."""

from dealdesk.api.shapes.drafts import (
    CloneIn,
    GivesUpOut,
    NewQuote,
    QuoteFacts,
    SubmitIn,
    draft_from,
)
from dealdesk.api.shapes.exceptions import ExceptionOut, RankingOut
from dealdesk.api.shapes.previews import PreviewOut
from dealdesk.api.shapes.quotes import QuoteDetail, QuoteOut
from dealdesk.api.shapes.requests import (
    AnswerIn,
    DecideIn,
    MessageIn,
    ReasonIn,
    RequestDetail,
    RequestOut,
    SlotDetail,
    SlotOut,
)

__all__ = [
    "AnswerIn",
    "CloneIn",
    "DecideIn",
    "ExceptionOut",
    "GivesUpOut",
    "MessageIn",
    "NewQuote",
    "PreviewOut",
    "QuoteDetail",
    "QuoteFacts",
    "QuoteOut",
    "RankingOut",
    "ReasonIn",
    "RequestDetail",
    "RequestOut",
    "SlotDetail",
    "SlotOut",
    "SubmitIn",
    "draft_from",
]
