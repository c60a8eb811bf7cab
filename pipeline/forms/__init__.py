"""What people type into the pages of the pipeline."""

from pipeline.forms.accounts import AccountForm, ContactForm, SegmentForm
from pipeline.forms.added import added_field, added_fields, added_values
from pipeline.forms.asking import AskedItem, EvidenceForm, MoveForm
from pipeline.forms.buying import (
    ActivityForm,
    AttachmentForm,
    ContactLinkForm,
    MemberForm,
    NextStepForm,
    TaskForm,
)
from pipeline.forms.deals import NOTES, DealForm, DealNotesForm, NewDealForm, ReassignForm
from pipeline.forms.filters import CLOSES, STATUSES, FilterForm, month_end, read_sort
from pipeline.forms.moving import BulkMoveForm, BulkPushForm, PushForm
from pipeline.forms.shared import (
    AccountField,
    KeptForm,
    account_label,
    choices_of,
    contact_label,
    long_text,
    pks,
    sellers_for,
)

__all__ = [
    "CLOSES",
    "NOTES",
    "STATUSES",
    "AccountField",
    "AccountForm",
    "ActivityForm",
    "AskedItem",
    "AttachmentForm",
    "BulkMoveForm",
    "BulkPushForm",
    "ContactForm",
    "ContactLinkForm",
    "DealForm",
    "DealNotesForm",
    "EvidenceForm",
    "FilterForm",
    "KeptForm",
    "MemberForm",
    "MoveForm",
    "NewDealForm",
    "NextStepForm",
    "PushForm",
    "ReassignForm",
    "SegmentForm",
    "TaskForm",
    "account_label",
    "added_field",
    "added_fields",
    "added_values",
    "choices_of",
    "contact_label",
    "long_text",
    "month_end",
    "pks",
    "read_sort",
    "sellers_for",
]
