"""What people type at the deal desk: a quote as a sheet of rows, a submission, a decision."""

from dealdesk.forms.cells import WishField
from dealdesk.forms.choices import Choices, choices_for
from dealdesk.forms.exceptions import ExceptionFilterForm
from dealdesk.forms.requests import DecisionForm, HandOnForm, MessageForm, ReasonForm, SubmitForm
from dealdesk.forms.sheet import Sheet
from dealdesk.forms.typed import Raw, text_of

__all__ = [
    "Choices",
    "DecisionForm",
    "ExceptionFilterForm",
    "HandOnForm",
    "MessageForm",
    "Raw",
    "ReasonForm",
    "Sheet",
    "SubmitForm",
    "WishField",
    "choices_for",
    "text_of",
]
