"""Teams of people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from revops.ledger.operations import record
from revops.models import check_version
from revops.people import changes as shared
from revops.people.actor import Actor
from revops.people.models import Team
from revops.people.permissions import check_can_administer
from revops.refusals import Refused


@transaction.atomic(durable=True)
def create_team(*, key: str, name: str, region: str = "", by: Actor, at: datetime) -> Team:
    """Add a team."""
    check_can_administer(by)
    return shared.add_team(key=key, name=name, region=region, by=by, at=at)


@transaction.atomic(durable=True)
def change_team(
    *,
    team: Team,
    changes: Mapping[str, Any],
    by: Actor,
    at: datetime,
    version: int | None = None,
) -> Team:
    """Change a team's name or region; its key stays."""
    check_can_administer(by)
    team = Team.objects.select_for_update().get(pk=team.pk)
    check_version(team, version)
    if set(changes) - {"name", "region"}:
        raise Refused("The key of a team never changes.")
    changed = {key: value for key, value in changes.items() if getattr(team, key) != value}
    if not changed:
        return team
    before = {key: getattr(team, key) for key in changed}
    for key, value in changed.items():
        setattr(team, key, value)
    team.save_version(update_fields=changed)
    record("team.changed", team, by=by, at=at, before=before, after=changed)
    return team
