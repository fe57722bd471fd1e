"""Where things lie in an evidence archive: every path has one form, and says what is there.

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

import re
from collections.abc import Mapping
from datetime import date
from typing import Final, Literal

from ledger.errors import Malformed
from ledger.verifier.formats.manifest import CHECKPOINT, COMPLETENESS, INDEX, MANIFEST, SIGNATURE, TRUST

__all__ = [
    "ACCESSES",
    "BODY",
    "EVIDENCE",
    "PROOF",
    "TRANSPARENT",
    "Folder",
    "annex_path",
    "attachment_path",
    "check_path",
    "evidence_path",
    "numbered",
    "numbers",
    "salt_path",
    "standing_path",
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
