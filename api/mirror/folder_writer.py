"""A copy in a folder: files are written beside their place and renamed into it, under a lock of this machine.

Before a file is renamed its content is durable, and before a checkpoint names it, its name. A disk makes several files
durable in the time that it takes for one: so files gather, are synced side by side, then renamed, then the folders
likewise. A folder's own name is synced once.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import AbstractContextManager
from pathlib import Path

from api.mirror.target_writer import OWN, PARTIAL, Damaged
from api.monitor.atomic_files import TEMPORARY, only_one, sync, write_beside, write_whole
from ledger.errors import Malformed, Misconfigured
from ledger.limits import ANNEX_BYTES_MAX, CHECKPOINT_BYTES_MAX, MIRROR_NAMELESS_MAX, MIRROR_SYNCS_MAX
from ledger.mirror.folder_target import FolderTarget

__all__ = ["FolderWriter"]


class FolderWriter(FolderTarget):
    """A `TargetWriter` in a folder; one process at a time."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._syncing = ThreadPoolExecutor(MIRROR_SYNCS_MAX, thread_name_prefix="sync")
        self._nameless: dict[Path, Path] = {}  # files that were put: where each lies until it is durable
        self._due: set[Path] = set()  # folders whose names are to be made durable
        self._found: set[Path] = set()  # folders whose own names are durable, too, after that
        self._named: set[Path] = set()  # folders whose own names are durable

    @property
    def lock(self) -> Path:
        return self.path / OWN / "lock"

    def alone(self) -> AbstractContextManager[None]:
        self.begin()
        return only_one(self.lock)

    def begin(self) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        if any(self.path.iterdir()) and not (self.path / OWN).is_dir():
            raise Misconfigured(f"{self.path} is neither empty nor a mirror")
        (self.path / OWN).mkdir(exist_ok=True)

    def has(self, path: str) -> bool:
        return self.path / path in self._nameless or (self.path / path).is_file()

    def put(self, path: str, content: bytes) -> None:
        target = self.path / path
        self._place(target.parent)
        if not target.is_file():
            self._nameless[target] = write_beside(target, content)
            if len(self._nameless) >= MIRROR_NAMELESS_MAX:
                self._name()
            return
        try:
            there = self.get(path, max(len(content), ANNEX_BYTES_MAX))
        except Malformed:
            there = None
        if there != content:
            raise Damaged(f"{target} holds other bytes than the log: it is left as it is")

    def _place(self, folder: Path) -> None:
        """Make it, for a file whose name is to be durable; also one that is there: who put it may not have settled."""
        folder.mkdir(parents=True, exist_ok=True)
        self._due.add(folder)
        while folder != self.path and folder not in self._named:
            self._found.add(folder)
            folder = folder.parent
            self._due.add(folder)

    def settle(self) -> None:
        self._name()
        self._sync(self._due)
        self._named |= self._found
        self._due.clear()
        self._found.clear()

    def _name(self) -> None:
        """Give all files their names. If one cannot be made durable, none gets it: a later round puts them again."""
        nameless, self._nameless = self._nameless, {}
        self._sync(nameless.values())
        # A crash here, or in between, leaves some of them temporary files, which the next run removes.
        for target, temporary in nameless.items():
            temporary.replace(target)

    def _sync(self, paths: Collection[Path]) -> None:
        """All of them, side by side; none is still under way when it returns, or raises."""
        syncing = [self._syncing.submit(sync, path) for path in paths]
        wait(syncing)
        for one in syncing:
            one.result()

    def swap(self, path: str, content: bytes, seen: bytes | None) -> bool:
        # Nobody comes in between: `alone` holds the lock.
        if self.get(path, CHECKPOINT_BYTES_MAX) != seen:
            return False
        self.replace(path, content)
        return True

    def replace(self, path: str, content: bytes) -> None:
        target = self.path / path
        made = not target.parent.is_dir()
        target.parent.mkdir(parents=True, exist_ok=True)
        write_whole(target, content)
        if made:
            for folder in target.parents[1 : len(target.relative_to(self.path).parts)]:
                sync(folder)

    def remove(self, path: str) -> None:
        target = self.path / path
        temporary = self._nameless.pop(target, target)
        temporary.unlink(missing_ok=True)

    def drop_partial(self, path: str) -> None:
        if (self.path / path).is_file():
            self._drop(self.path / (path + PARTIAL))

    def _drop(self, folder: Path) -> None:
        self._named.discard(folder)
        shutil.rmtree(folder, ignore_errors=True)

    def tidy(self) -> None:
        """Temporary files, and partial ones of tiles that are full."""
        self._nameless.clear()
        for top, folders, files in os.walk(self.path):
            for name in files:
                if name.endswith(TEMPORARY):
                    (Path(top) / name).unlink(missing_ok=True)
            for name in folders:
                full = Path(top) / name.removesuffix(PARTIAL)
                if name.endswith(PARTIAL) and full.is_file():
                    self._drop(Path(top) / name)
