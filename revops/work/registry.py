"""Who may see a record of a kind, as told by the app that knows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from revops.people.models import User

MaySee = Callable[["User", int], bool]

_visibility: dict[str, MaySee] = {}


def register_visibility(about_type: str, may_see: MaySee) -> None:
    """Serve attachments about `about_type` to whom `may_see(user, about_id)` says yes."""
    _visibility[about_type] = may_see


def may_see(user: User, about_type: str, about_id: int) -> bool:
    """Whether `user` may see the record; nobody sees a kind that no app answers for."""
    answer = _visibility.get(about_type)
    return answer is not None and answer(user, about_id)
