"""The sign-in cards of the demo people, Rita's first."""

from __future__ import annotations

from collections.abc import Sequence

from dealdesk.demo import cast
from revops.frame.development import DevPerson
from revops.people.models import Role, User

LABELS = {Role.VP_SALES: "VP sales", Role.REVOPS_ADMIN: "RevOps administrator"}


def dev_people() -> Sequence[DevPerson]:
    """A card for each of the cast who may sign in; none where the demo is not loaded."""
    emails = [facts.email for facts in cast.CAST]
    here = set(User.objects.admitted().filter(email__in=emails).values_list("email", flat=True))
    start = cast.member(cast.START_HERE)
    return [
        DevPerson(
            email=facts.email,
            name=facts.name,
            role=", ".join(
                role.label.lower() if role != "vp_sales" else "VP sales" for role in facts.roles
            ),
            hint=facts.hint,
            start_here=facts is start,
        )
        for facts in cast.CAST
        if facts.email in here
    ]
