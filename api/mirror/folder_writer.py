"""A copy in a folder: files are written beside their place and renamed into it, under a lock of this machine."""

from __future__ import annotations

import os
import shutil
from contextlib import AbstractContextManager
from pathlib import Path

from api.mirror.target_writer import OWN, PARTIAL, Damaged
from api.monitor.atomic_files import TEMPORARY, only_one, sync_folder, write_whole
from ledger.errors import Malformed, Misconfigured
from ledger.limits import ANNEX_BYTES_MAX, CHECKPOINT_BYTES_MAX
from ledger.mirror.folder_target import FolderTarget

__all__ = ["FolderWriter"]


class FolderWriter(FolderTarget):
    """A `TargetWriter` in a folder; one process at a time."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._touched: set[Path] = set()

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
        return (self.path / path).is_file()

    def put(self, path: str, content: bytes) -> None:
        target = self.path / path
        parent = target.parent
        parent.mkdir(parents=True, exist_ok=True)
        while parent != self.path.parent and parent not in self._touched:
            self._touched.add(parent)  # also of a file that is there: who put it may not have come to `settle`
            parent = parent.parent
        if not target.is_file():
            write_whole(target, content, sync_parent=False)
            return
        try:
            there = self.get(path, max(len(content), ANNEX_BYTES_MAX))
        except Malformed:
            there = None
        if there != content:
            raise Damaged(f"{target} holds other bytes than the log: it is left as it is")

    def settle(self) -> None:
        for folder in self._touched:
            sync_folder(folder)
        self._touched.clear()

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
                sync_folder(folder)

    def remove(self, path: str) -> None:
        (self.path / path).unlink(missing_ok=True)

    def drop_partial(self, path: str) -> None:
        if (self.path / path).is_file():
            shutil.rmtree(self.path / (path + PARTIAL), ignore_errors=True)

    def tidy(self) -> None:
        """Temporary files, and partial ones of tiles that are full."""
        for top, folders, files in os.walk(self.path):
            for name in files:
                if name.endswith(TEMPORARY):
                    (Path(top) / name).unlink(missing_ok=True)
            for name in folders:
                full = Path(top) / name.removesuffix(PARTIAL)
                if name.endswith(PARTIAL) and full.is_file():
                    shutil.rmtree(Path(top) / name, ignore_errors=True)
