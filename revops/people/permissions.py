"""Who may change people: RevOps administrators, and the system itself."""

from revops.company.permissions import check_can_administer

__all__ = ["check_can_administer"]
