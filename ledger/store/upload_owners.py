"""Whose an upload is that no entry names yet: a party that signed it, or a client that is known by its address only.

The two kinds have rooms of their own, and each owner a quota in its room: who fills it keeps out nobody else, and
whoever did not sign keeps out no party.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from ledger.errors import Busy, QuotaFull

__all__ = ["NOBODY", "Owner", "full"]


class Owner(NamedTuple):
    """Whose an upload is. `name` is the party's id, or the client's address."""

    kind: Literal["party", "client"]
    name: str

    @property
    def text(self) -> str:
        """As it is stored: the kind comes first, so that a room is a prefix."""
        return self.name if self.kind == "party" else f"client:{self.name}"


NOBODY: Final = Owner("client", "")


def full(what: str, owner: Owner, *, own: bool, retry_after_seconds: int) -> Busy:
    """The refusal of an upload: the owner's own quota is used up, or the room of its kind."""
    if own:
        whose = f"the quota of {owner.name}" if owner.kind == "party" else "this client's quota"
        return QuotaFull(f"{whose} for {what}", retry_after_seconds=retry_after_seconds)
    whose = "the room of all parties" if owner.kind == "party" else "the room for unsigned uploads"
    return Busy(f"{whose} for {what}", retry_after_seconds=retry_after_seconds)
