from revops.people.actor import Actor
from revops.refusals import NotAllowed


def check_can_administer(by: Actor) -> None:
    """Raise NotAllowed unless `by` is a RevOps administrator, or the system itself."""
    if by.user is not None and not by.user.is_staff:
        raise NotAllowed("Only a RevOps administrator can change this.")
