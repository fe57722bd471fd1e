"""The form of an evidence archive: a ZIP of which there is exactly one for the same members, and where each lies in it.

Members are stored, never compressed, in the order of their names, dated 1980-01-01, each at a path of its own that
leads nowhere else. Reading is the inverse of writing: an archive that differs in any byte from what would be written
for its members is refused. So nothing is unpacked that is larger than the file, nothing hides between the members,
and no path reaches out of the folder that it is unpacked into. What the members say is for
`ledger/verifier/evidence_archive.py`.

Every path has one form, and says what is there; beside the single files that the manifest's module names:

entries/0000000123.transparent.cose   a statement about the enterprise with its receipt
entries/0000000123.body.json          the body that it commits to, or the text that it names
entries/0000000123.tlog-proof         that it is in the tree of the one checkpoint (C2SP tlog-proof)
rules/…  campaigns/…                  the stream of policies and calendars; those of campaigns concerned: likewise
evidence/<kid>.evidence.cbor          whose a key is, from the charter on; its entries' proofs beside it
standings/2026-03-15.json, .cose      the standing on a day, and the same signed
attachments/<id>.json, <id>.pdf       an attachment and the salt of its commitment
annexes/<sha256>                      a public file that an entry names
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from datetime import date
from typing import Final, Literal

from ledger.errors import LedgerError, Malformed
from ledger.limits import ARCHIVE_BYTES_MAX, ARCHIVE_MEMBERS_MAX
from ledger.verifier.formats.manifest import CHECKPOINT, COMPLETENESS, INDEX, MANIFEST, SIGNATURE, TRUST

__all__ = [
    "ACCESSES",
    "BODY",
    "EVIDENCE",
    "PROOF",
    "TRANSPARENT",
    "ArchiveTooLarge",
    "Folder",
    "annex_path",
    "attachment_path",
    "check_path",
    "evidence_path",
    "is_archive",
    "member",
    "numbered",
    "numbers",
    "read_archive",
    "salt_path",
    "standing_path",
    "write_archive",
]

Folder = Literal["entries", "rules", "campaigns", "evidence"]

TRANSPARENT: Final = "transparent.cose"
BODY: Final = "body.json"
PROOF: Final = "tlog-proof"
EVIDENCE: Final = "evidence.cbor"
ACCESSES: Final = "accesses.json"
_SINGLE: Final = frozenset((ACCESSES, CHECKPOINT, COMPLETENESS, INDEX, MANIFEST, SIGNATURE, TRUST))
_ENDINGS: Final[Mapping[str, str]] = {
    "application/pdf": "pdf",
    "image/png": "png",
    "image/jpeg": "jpeg",
    "text/plain": "txt",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
}
_FORMS: Final = re.compile(
    r"entries/[0-9]{10,16}\.(?:transparent\.cose|tlog-proof|body\.json)"
    r"|(?:rules|campaigns)/[0-9]{10,16}\.(?:transparent\.cose|tlog-proof)"
    r"|evidence/(?:[0-9]{10,16}\.tlog-proof|[0-9a-f]{64}\.evidence\.cbor)"
    r"|standings/[0-9]{4}-[0-9]{2}-[0-9]{2}\.(?:json|cose)"
    rf"|attachments/[0-9a-f]{{32}}\.(?:json|{'|'.join(_ENDINGS.values())})"
    r"|annexes/[0-9a-f]{64}"
)

_START: Final = b"PK\x03\x04"  # APPNOTE.TXT 4.3.7: a local file header
_SEGMENT: Final = "[A-Za-z0-9][A-Za-z0-9._-]{0,127}"
_NAME: Final = re.compile(f"{_SEGMENT}(?:/{_SEGMENT})?")
_DATE: Final = (1980, 1, 1, 0, 0, 0)  # the earliest that a ZIP can say
_MODE: Final = 0o100644 << 16
_UNIX: Final = 3


class ArchiveTooLarge(LedgerError):
    """More than one archive may hold: a shorter period has less."""


def is_archive(data: bytes) -> bool:
    """Whether it begins as a ZIP does."""
    return data.startswith(_START)


def write_archive(members: Mapping[str, bytes]) -> bytes:
    """The archive of these members: the same members, the same bytes. Raises `ArchiveTooLarge`, `Malformed`."""
    if len(members) > ARCHIVE_MEMBERS_MAX:
        raise ArchiveTooLarge(f"{len(members)} files: an archive has at most {ARCHIVE_MEMBERS_MAX}; shorten the period")
    if sum(map(len, members.values())) > ARCHIVE_BYTES_MAX - len(members) * 512:
        raise ArchiveTooLarge(f"an archive has at most {ARCHIVE_BYTES_MAX} bytes; shorten the period")
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(members):
            if not _NAME.fullmatch(name):
                raise Malformed(f"not a path in an archive: {name[:80]!r}")
            row = zipfile.ZipInfo(name, _DATE)
            row.create_system, row.external_attr = _UNIX, _MODE
            archive.writestr(row, members[name])
    return written.getvalue()


def read_archive(data: bytes) -> dict[str, bytes]:
    """The inverse of `write_archive`, by path. Raises `Malformed` for everything that it would not have written."""
    if len(data) > ARCHIVE_BYTES_MAX:
        raise Malformed(f"an archive has at most {ARCHIVE_BYTES_MAX} bytes")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            rows = archive.infolist()
            _check_rows(rows, len(data))
            members = {row.filename: archive.read(row) for row in rows}
    except LedgerError:
        raise
    except Exception as error:  # zipfile lets through what struct, codecs and offsets raise
        raise Malformed(f"not a ZIP that can be read: {type(error).__name__} {error!s:.200}") from None
    if write_archive(members) != data:
        raise Malformed("the archive is not in the one form that archives have: it was changed, or packed again")
    return members


def member(members: Mapping[str, bytes], path: str) -> bytes:
    """The file at a path that every archive has. Raises `Malformed`."""
    if path not in members:
        raise Malformed(f"the archive lacks {path}")
    return members[path]


def _check_rows(rows: list[zipfile.ZipInfo], size: int) -> None:
    """By the directory alone, before anything is read: nothing compressed, nothing twice, not more than there is."""
    if len(rows) > ARCHIVE_MEMBERS_MAX:
        raise Malformed(f"an archive has at most {ARCHIVE_MEMBERS_MAX} files")
    names = {row.filename for row in rows}
    if len(names) != len(rows):
        raise Malformed("two files of the archive have one path")
    for row in rows:
        if not _NAME.fullmatch(row.filename):
            raise Malformed(f"not a path in an archive: {row.filename[:80]!r}")
        if row.compress_type != zipfile.ZIP_STORED or row.flag_bits or row.compress_size != row.file_size:
            raise Malformed(f"{row.filename[:80]!r} is compressed or encrypted: nothing in an archive is")
    if sum(row.file_size for row in rows) > size:
        raise Malformed("the archive says that it holds more than it has bytes")


def check_path(path: str) -> None:
    """Raises `Malformed` for a path that has no place in an archive."""
    if path not in _SINGLE and not _FORMS.fullmatch(path):
        raise Malformed(f"{path[:80]!r} has no place in an archive")


def numbered(folder: Folder, index: int, ending: str) -> str:
    """The path of what belongs to an entry."""
    return f"{folder}/{index:010d}.{ending}"


def numbers(members: Mapping[str, bytes], folder: Folder, ending: str) -> list[int]:
    """The entries of a folder that have a file of this ending, in order. Raises `Malformed` for another spelling."""
    found = []
    for path in members:
        if path.startswith(f"{folder}/") and path.endswith(f".{ending}"):
            digits = path.removeprefix(f"{folder}/").removesuffix(f".{ending}")
            if not digits.isdigit() or numbered(folder, int(digits), ending) != path:
                raise Malformed(f"{path[:80]!r} is not how an entry is named")
            found.append(int(digits))
    return sorted(found)


def evidence_path(kid: bytes) -> str:
    return f"evidence/{kid.hex()}.{EVIDENCE}"


def standing_path(day: date, ending: Literal["json", "cose"]) -> str:
    return f"standings/{day.isoformat()}.{ending}"


def attachment_path(id_: str, media_type: str) -> str:
    return f"attachments/{id_}.{_ENDINGS[media_type]}"


def salt_path(id_: str) -> str:
    return f"attachments/{id_}.json"


def annex_path(sha256: str) -> str:
    return f"annexes/{sha256}"
