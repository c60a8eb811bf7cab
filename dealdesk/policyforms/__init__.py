"""What RevOps types into the draft of a policy, area by area."""

from dealdesk.policyforms.about import AboutArea, AcknowledgeForm, ImportForm
from dealdesk.policyforms.asking import OrderArea, PeopleArea
from dealdesk.policyforms.price import PriceArea
from dealdesk.policyforms.rules import SegmentArea, SizeArea, StructureArea
from dealdesk.policyforms.shared import Area, Ground, ground_of
from dealdesk.policyforms.terms import TermsArea
from dealdesk.policyforms.trying import TryForm

AREAS: dict[str, type[Area]] = {
    area.key: area
    for area in (
        PriceArea,
        TermsArea,
        StructureArea,
        SizeArea,
        SegmentArea,
        PeopleArea,
        OrderArea,
        AboutArea,
    )
}

__all__ = [
    "AREAS",
    "AboutArea",
    "AcknowledgeForm",
    "Area",
    "Ground",
    "ImportForm",
    "TryForm",
    "ground_of",
]
