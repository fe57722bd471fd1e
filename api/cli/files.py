"""The names of files that belong together: NAME.cose and what is known of it, told apart by their endings."""

from __future__ import annotations

from pathlib import Path
from typing import Final

__all__ = [
    "ACKNOWLEDGEMENT",
    "BODY",
    "BUNDLE",
    "EVIDENCE",
    "NOT_ALONE",
    "PROOF",
    "RECEIPT",
    "STANDING",
    "STATEMENT",
    "TRANSPARENT",
    "beside",
    "named",
    "stem_of",
]

STATEMENT: Final = ".cose"  # the signed statement
BODY: Final = ".body.json"  # of a sealed one
RECEIPT: Final = ".receipt.cose"
TRANSPARENT: Final = ".transparent.cose"  # statement and receipt in one
EVIDENCE: Final = ".evidence.cbor"  # about its issuer
PROOF: Final = ".tlog-proof"  # in a tree that witnesses cosigned (C2SP tlog-proof)
BUNDLE: Final = ".bundle.cbor"  # a completeness bundle: by itself
STANDING: Final = ".standing.cose"  # a signed standing
ACKNOWLEDGEMENT: Final = ".acknowledgement.cose"  # that a statement came, and when

# What is of no use without the statement that it belongs to.
NOT_ALONE: Final = (BODY, RECEIPT, EVIDENCE, PROOF)
_ENDINGS: Final = (
    TRANSPARENT,
    RECEIPT,
    BODY,
    EVIDENCE,
    PROOF,
    BUNDLE,
    STANDING,
    ACKNOWLEDGEMENT,
    STATEMENT,
)  # others end in the last, too


def stem_of(path: Path) -> str:
    """NAME, without whichever of the endings it has."""
    return next((path.name.removesuffix(end) for end in _ENDINGS if path.name.endswith(end)), path.name)


def named(path: Path, ending: str, folder: Path | None = None) -> Path:
    """NAME with another of the endings, in the same folder or in `folder`."""
    return (folder or path.parent) / (stem_of(path) + ending)


def beside(path: Path, ending: str) -> Path | None:
    """The file of that ending beside `path`, if it is there."""
    found = named(path, ending)
    return found if found.exists() else None
