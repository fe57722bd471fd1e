"""A copy in a folder, read by path."""

from __future__ import annotations

from pathlib import Path

from ledger.errors import Malformed, Unavailable

__all__ = ["FolderTarget"]


class FolderTarget:
    """A `MirrorTarget` in a folder of this machine."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def address(self) -> str:
        return str(self.path)

    def get(self, path: str, bytes_max: int) -> bytes | None:
        try:
            with (self.path / path).open("rb") as file:
                data = file.read(bytes_max + 1)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        except OSError as error:
            raise Unavailable(f"{self.path / path}: {error.strerror}") from error
        if len(data) > bytes_max:
            raise Malformed(f"{self.path / path} is longer than {bytes_max:,} bytes")
        return data
