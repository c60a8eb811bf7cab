"""Setting an installation up: its company, its first administrator, the policy it starts with."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from dealdesk.models import PolicyVersion, PriceList
from dealdesk.operations.policies import put_in_force
from dealdesk.presets import PRESETS
from revops.company.models import Company
from revops.company.operations import apply_settings
from revops.people.actor import Actor
from revops.people.changes import add_administrator
from revops.people.models import User
from revops.refusals import Conflict, Refused


def is_set_up() -> bool:
    """Whether somebody can sign in or the company was named: then set-up is closed for good."""
    return Company.get().set_up_at is not None or User.objects.exists()


@transaction.atomic(durable=True)
def set_up_company(
    *,
    name: str,
    currency: str,
    zone: str,
    preset: str,
    administrator: str,
    email: str,
    password: str,
    by: Actor,
    at: datetime,
) -> User:
    """Name the company, put a preset in force, and let the first administrator in.

    Raises Conflict once the company is set up: two people who set up at the same time cannot both
    become its administrator.
    """
    Company.objects.select_for_update().get(pk=1)
    if is_set_up():
        raise Conflict("This installation is set up already. Sign in.", code="set_up")
    if preset not in PRESETS:
        raise Refused("Choose one of the two policies.", code="unknown_preset")
    if not name.strip():
        raise Refused("The company needs a name.", code="invalid")
    settings = {"name": name.strip(), "currency": currency, "zone": zone, "preset": preset}
    apply_settings({**settings, "set_up_at": at}, by=by, at=at)
    if not PriceList.objects.filter(currency=currency).exists():
        # The list that an empty installation starts with is in no currency of this company.
        PriceList.objects.filter(prices=None).delete()
        PriceList.objects.create(currency=currency, name="Price list")
    in_force = PolicyVersion.objects.filter(in_force=True).first()
    if in_force is None or in_force.preset != preset:
        policy = PRESETS[preset]
        put_in_force(policy, label=policy.name, preset=preset, note="", by=by, at=at)
    return add_administrator(email=email, name=administrator, password=password, by=by, at=at)
