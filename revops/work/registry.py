"""What the app that knows a kind of record says of it: who sees it, and what its files change."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from revops.people.actor import Actor
    from revops.people.models import User


class FilesChanged(Protocol):
    """Told inside the transaction that a file of the record was attached or removed."""

    def __call__(self, about_id: int, *, by: Actor, at: datetime) -> None: ...


MaySee = Callable[["User", int], bool]

_visibility: dict[str, MaySee] = {}
_files_changed: dict[str, FilesChanged] = {}


def register_visibility(about_type: str, may_see: MaySee) -> None:
    """Serve attachments about `about_type` to whom `may_see(user, about_id)` says yes."""
    _visibility[about_type] = may_see


def may_see(user: User, about_type: str, about_id: int) -> bool:
    """Whether `user` may see the record; nobody sees a kind that no app answers for."""
    answer = _visibility.get(about_type)
    return answer is not None and answer(user, about_id)


def register_files_changed(about_type: str, listener: FilesChanged) -> None:
    _files_changed[about_type] = listener


def files_changed(about_type: str, about_id: int, *, by: Actor, at: datetime) -> None:
    """Let the app that knows the record follow what happened to its files."""
    if listener := _files_changed.get(about_type):
        listener(about_id, by=by, at=at)
