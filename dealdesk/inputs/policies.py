"""The policy that is in force."""

from __future__ import annotations

from dealdesk import policy as policies
from dealdesk.models import PolicyVersion
from revops.refusals import Refused


def policy_in_force() -> tuple[PolicyVersion, policies.Policy]:
    """Return the published policy. Raises Refused while there is none."""
    row = PolicyVersion.objects.filter(in_force=True).first()
    if row is None:
        raise Refused("No policy is published. Ask a RevOps administrator to publish one.")
    return row, policies.policy_from_json(row.body)
