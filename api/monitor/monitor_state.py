"""What a follower remembers between runs: the newest tree that it verified, and how far it has told of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

import msgspec
from msgspec import Meta

from api.monitor.atomic_files import write_whole
from api.monitor.checkpoint_growth import KnownCheckpoint, open_head
from ledger.domain.events.base import Digest
from ledger.errors import LedgerError, Malformed, Misconfigured
from ledger.limits import FOLLOW_STATE_BYTES_MAX, FOLLOW_SUBJECTS_MAX, TREE_SIZE_MAX
from ledger.tlog.checkpoint import parse_checkpoint
from ledger.tlog.note import parse_note
from ledger.verifier import Trust, parse_trust

__all__ = ["FollowState", "parse_state"]

_Count = Annotated[int, Meta(ge=0, le=TREE_SIZE_MAX)]


class FollowState(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file as it is written. Entries below `told` are checked and delivered (those below `quiet_below` only
    checked); `size`, `root` are of `note`.

    `trust` is the trust file that was taken from the service itself, empty if one is given at each run. `keys_bytes`
    of the key file beside it count.
    """

    v: int
    origin: str
    subjects: Annotated[tuple[str, ...], Meta(max_length=FOLLOW_SUBJECTS_MAX)] = ()
    trust: str = ""
    note: str = ""
    size: _Count = 0
    root: Digest | None = None
    told: _Count = 0
    quiet_below: _Count = 0
    keys_bytes: _Count = 0

    @classmethod
    def load(cls, path: Path) -> Self | None:
        """The state in a file, None if there is none. Raises `Misconfigured` for what is no state."""
        if not path.exists():
            return None
        with path.open("rb") as file:
            data = file.read(FOLLOW_STATE_BYTES_MAX + 1)
        try:
            state = parse_state(data)
        except Malformed as error:
            raise Misconfigured(f"{path}: {error}") from error
        assert isinstance(state, cls)
        return state

    def save(self, path: Path) -> None:
        """Replace the file, durably."""
        write_whole(path, msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n")

    def head(self, trust: Trust) -> KnownCheckpoint | None:
        """The verified checkpoint, checked again. Raises `Misconfigured` if it does not hold under this trust file."""
        if not self.note:
            return None
        try:
            return open_head(self.note.encode(), trust)
        except LedgerError as error:
            raise Misconfigured(f"the state's checkpoint does not hold under the trust file: {error}") from error


def parse_state(data: bytes) -> FollowState:
    """Read a state file. Raises `Malformed`, also where it contradicts itself."""
    if len(data) > FOLLOW_STATE_BYTES_MAX:
        raise Malformed(f"a follower's state has at most {FOLLOW_STATE_BYTES_MAX:,} bytes")
    try:
        state = msgspec.json.decode(data, type=FollowState)
        note = state.note.encode()
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise Malformed(f"not the state of a follower: {error}") from None
    if state.v != 1:
        raise Malformed(f"a state of version {state.v}, which this version does not know")
    if state.trust and parse_trust(state.trust.encode()).origin != state.origin:
        raise Malformed("the state's trust file is of another log")
    if note:
        head = parse_checkpoint(parse_note(note).text)
        if (head.origin, head.size, head.root.hex()) != (state.origin, state.size, state.root):
            raise Malformed("the state's checkpoint is not what the state says beside it")
    elif state.size or state.root is not None:
        raise Malformed("a state with a tree, but without its checkpoint")
    if state.told > state.size:
        raise Malformed("the state is ahead of its checkpoint")
    return state
