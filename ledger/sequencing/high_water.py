"""The high-water file: the newest checkpoint that was answered for, kept beside the log's keys.

A database can be lost, restored or failed over; this file knows what was signed none the less. It holds the signed
checkpoint itself, so nothing but a key of the log can write one that is believed, and people can read it: one of those
that came first or, once they were succeeded, of a succession, whatever the database says of it. Two slots are written
in turn: a crash in the middle of one leaves the other, and no answer had left for the one that is torn.

Processes of one machine that use one folder take turns: who holds the pen (`pen`) is the only one that signs.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from ledger.errors import HistoryBroken, LedgerError, Unavailable
from ledger.keys.log_keys import LogKeys
from ledger.limits import HIGH_WATER_SLOT_BYTES, PEN_WAIT_SECONDS_MAX
from ledger.tlog.checkpoint import VerifiedCheckpoint, open_checkpoint

__all__ = ["HighWater"]

_NAME: Final = "high-water"
_SLOTS: Final = 2
_POLL_SECONDS: Final = 0.001


class HighWater:
    """The file of one log in one folder. Used by one thread at a time; `newest` by any.

    `keys`: the log's first ones; those of successions are found below their folder, also if they come there later.
    """

    def __init__(self, folder: Path, keys: LogKeys) -> None:
        self.path = folder / _NAME
        self._keys = keys
        self._known_keys = keys.checkpoint_keys()
        self._file = -1
        self._folder = -1
        self._raw: list[bytes] = [b""] * _SLOTS  # as last read
        self._known: list[VerifiedCheckpoint | None] = [None] * _SLOTS

    def open(self) -> None:
        """Open the file, making it where there is none. Raises `Unavailable` where the folder cannot be written."""
        if self._file >= 0:
            return
        try:
            self._folder = os.open(self.path.parent, os.O_RDONLY)
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
            os.fsync(self._folder)
        except OSError as error:
            raise Unavailable(f"{self.path} cannot be opened: {error.strerror}") from error

    def close(self) -> None:
        for number in (self._file, self._folder):
            if number >= 0:
                os.close(number)
        self._file = self._folder = -1

    def newest(self) -> VerifiedCheckpoint | None:
        """The newest checkpoint that any process of this folder answered for, None for none.

        Raises `HistoryBroken` for a file that holds something, but nothing that the log signed; `Unavailable`.
        """
        self.open()
        try:
            slots = [os.pread(self._file, HIGH_WATER_SLOT_BYTES, self._offset(slot)) for slot in range(_SLOTS)]
        except OSError as error:
            raise Unavailable(f"{self.path} cannot be read: {error.strerror}") from error
        for slot, raw in enumerate(slots):
            if raw != self._raw[slot]:
                self._known[slot] = self._opened(raw)
                self._raw[slot] = raw
        found = [one for one in self._known if one is not None]
        if not found and any(raw.strip(b"\0") for raw in slots):
            raise HistoryBroken(
                f"{self.path} holds no checkpoint that this log signed: bring back the file as it was, from a copy of "
                "the folder; only if there is none, and the database is known to have lost nothing, put it aside"
            )
        return max(found, key=lambda one: one.size, default=None)

    def keep(self, note: bytes) -> None:
        """Write a checkpoint, over the older of the two; durable on return. Raises `Unavailable`."""
        if len(note) > HIGH_WATER_SLOT_BYTES:
            raise Unavailable(f"a checkpoint of {len(note)} bytes does not fit into {self.path}")
        self.newest()
        sizes = [-1 if one is None else one.size for one in self._known]
        self._write(sizes.index(min(sizes)), note)

    def replace(self, note: bytes) -> None:
        """Let a smaller checkpoint be the newest, since a person decided so. Raises `Unavailable`."""
        for slot in range(_SLOTS):
            self._write(slot, note)

    @contextmanager
    def pen(self) -> Iterator[None]:
        """Be the only process of this folder that signs. Raises `Unavailable` after `PEN_WAIT_SECONDS_MAX`.

        Who waits holds the folder's lock meanwhile, so that whoever signed last lets him go first.
        """
        self.open()
        deadline = time.monotonic() + PEN_WAIT_SECONDS_MAX
        self._lock(self._folder, deadline)
        try:
            self._lock(self._file, deadline)
        finally:
            fcntl.flock(self._folder, fcntl.LOCK_UN)
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def _lock(self, number: int, deadline: float) -> None:
        while True:
            with suppress(BlockingIOError):
                fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            if time.monotonic() > deadline:
                raise Unavailable(f"another process of this log holds {self.path} for too long: does it stand still?")
            time.sleep(_POLL_SECONDS)

    def _write(self, slot: int, note: bytes) -> None:
        raw = note.ljust(HIGH_WATER_SLOT_BYTES, b"\0")
        try:
            self.open()
            if os.pwrite(self._file, raw, self._offset(slot)) != len(raw):
                raise Unavailable(f"{self.path} could not be written whole")
            os.fdatasync(self._file)
        except OSError as error:
            raise Unavailable(f"{self.path} cannot be written: {error.strerror}") from error

    def _opened(self, raw: bytes) -> VerifiedCheckpoint | None:
        note = raw.rstrip(b"\0")
        if not note:
            return None
        try:
            return open_checkpoint(note, *self._known_keys, origin=self._keys.origin)
        except LedgerError:
            self._known_keys = self._keys.checkpoint_keys()  # were succeeded since?
        try:
            return open_checkpoint(note, *self._known_keys, origin=self._keys.origin)
        except LedgerError:
            return None

    @staticmethod
    def _offset(slot: int) -> int:
        return slot * HIGH_WATER_SLOT_BYTES
