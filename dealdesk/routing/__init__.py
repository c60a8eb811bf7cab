"""Who must agree to these terms under this policy, and why: `evaluate(policy, terms) -> Route`.

Preview, submission, replay of past deals and "what would avoid it" are all this one function. It
names roles, never people, and it never raises: terms that cannot be judged give named problems.
"""

from dealdesk.routing.evaluating import evaluate
from dealdesk.routing.price import judged_worst_line
from dealdesk.routing.route import (
    AUTOMATIC,
    REFUSED,
    Result,
    Route,
    RouteGroup,
    RouteStep,
    Tried,
    route_from_plain,
    route_plain,
    tried_of_axis,
)
from dealdesk.routing.structure import judged_segment
from dealdesk.routing.terms import standard_for, term_asks, timing_of

__all__ = [
    "AUTOMATIC",
    "REFUSED",
    "Result",
    "Route",
    "RouteGroup",
    "RouteStep",
    "Tried",
    "evaluate",
    "judged_segment",
    "judged_worst_line",
    "route_from_plain",
    "route_plain",
    "standard_for",
    "term_asks",
    "timing_of",
    "tried_of_axis",
]
