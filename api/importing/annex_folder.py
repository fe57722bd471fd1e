"""Files that a table names as annexes: found in one folder, told by their content, uploaded when the service asks.

named(text) ─► Annex (SHA-256, length, type)        content(digest) ─► the bytes, if they are still those
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path, PurePosixPath

from api.importing.validation_errors import Unreadable, excerpt
from ledger.domain.events.base import Annex
from ledger.domain.values.media_types import media_type_of
from ledger.errors import Refused
from ledger.limits import ANNEX_BYTES_MAX

__all__ = ["AnnexFolder"]


class AnnexFolder:
    """Regular files in `folder` and the folders in it, and nothing outside, whatever links there are."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._named: dict[str, Annex] = {}
        self._paths: dict[bytes, Path] = {}

    def named(self, text: str) -> Annex:
        """What an entry says of the file that a cell names, relative to the folder, with `/`. Raises `Unreadable`."""
        found = self._named.get(text)
        if found is None:
            path = self._path(text)
            content = self._read(text, path)
            try:
                media_type = media_type_of(content)
            except Refused as error:
                raise Unreadable(error.rule, f"{excerpt(text)}：{error.zh}", f"{excerpt(text)}: {error.en}") from None
            digest = sha256(content)
            found = Annex(sha256=digest.hexdigest(), bytes=len(content), media_type=media_type)
            self._named[text], self._paths[digest.digest()] = found, path
        return found

    def content(self, annex: Annex) -> bytes:
        """The bytes of an annex that was named. Raises `Unreadable` if the file is not what it was."""
        path = self._paths[bytes.fromhex(annex.sha256)]
        content = self._read(path.name, path)
        if sha256(content).hexdigest() != annex.sha256:
            raise Unreadable(
                "annex.changed",
                f"{excerpt(path.name)}在导入期间被修改",
                f"{excerpt(path.name)} was changed while it was imported",
            )
        return content

    def _path(self, text: str) -> Path:
        name = PurePosixPath(text)
        inside = not name.is_absolute() and ".." not in name.parts and "\\" not in text and "\0" not in text
        try:
            path = (self._folder / name).resolve() if inside else None
        except (OSError, RuntimeError):  # a circle of links, a name that is too long
            path = None
        if path is None or not path.is_relative_to(self._folder):
            raise Unreadable(
                "annex.outside",
                f"{excerpt(text)}不在附件文件夹之内；请填写其中的文件名，以 / 分隔文件夹",
                f"{excerpt(text)} is not in the annexes' folder: name a file in it, with / between folders",
            )
        return path

    def _read(self, text: str, path: Path) -> bytes:
        try:
            if path.is_file():
                with path.open("rb") as file:
                    return file.read(ANNEX_BYTES_MAX + 1)  # one more than is possible: told by its length
        except OSError:
            pass
        raise Unreadable(
            "annex.no_such_file",
            f"附件文件夹中没有可读的文件{excerpt(text)}",
            f"there is no file {excerpt(text)} that can be read in the annexes' folder",
        )
