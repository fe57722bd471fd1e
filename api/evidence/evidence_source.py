"""Where an archive's material comes from, as `gather` asks for it: a service over HTTP, or the database of a book."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple, Protocol

from ledger.domain.state.access_log import Access
from ledger.keys.signer import Signer
from ledger.verifier.formats.manifest import Why

__all__ = ["Asking", "EvidenceSource", "KeptAttachment", "StandingOf"]


class Asking(NamedTuple):
    """Who asks, and why: every look at what is not public is logged under these."""

    party: str
    signer: Signer
    purpose: str


class KeptAttachment(NamedTuple):
    """An attachment, and the salt of the commitment that its entry names."""

    content: bytes
    salt: bytes


class StandingOf(NamedTuple):
    """A standing as JSON; the same signed, None where the source cannot sign. `in_book`: whether there is a record."""

    document: bytes
    signed: bytes | None
    in_book: bool


class EvidenceSource(Protocol):
    """Every method may raise `Unavailable`, `Busy`, `Malformed`; what was asked for and is not there: `NotFound`."""

    def trust(self) -> bytes:
        """The log's own trust file."""

    def checkpoints(self) -> tuple[bytes, bytes | None]:
        """The newest checkpoint, and the newest that a quorum of witnesses cosigned (None: there is none)."""

    def stream(self, subject: str) -> list[int]:
        """The indices of a stream's entries, in order."""

    def statements(self, indices: Sequence[int]) -> list[bytes]:
        """Transparent statements, one for each of at most `PROOFS_READ_MAX` entries."""

    def inclusions(self, indices: Sequence[int], size: int) -> Mapping[int, Sequence[bytes]]:
        """The inclusion proof of each of at most `PROOFS_READ_MAX` entries in the tree of a size."""

    def bodies(self, indices: Sequence[int]) -> Mapping[int, bytes | Why]:
        """The body of each of at most `PROOFS_READ_MAX` entries, or why it is left out.

        One that is not public is asked for with the key, and each such look is logged.
        """

    def attachment(self, index: int, id_: str) -> KeptAttachment | Why:
        """An attachment that entry `index` adds, or why it is left out. Logged."""

    def annex(self, sha256: str) -> bytes:
        """A public file that an entry names."""

    def accesses(self, subject: str) -> Sequence[Access] | Why:
        """The access log about an enterprise, but for the looks of this source, or why it is left out. Logged."""

    def standing(self, subject: str, as_of: date, tree_size: int) -> StandingOf:
        """The standing on a day, from the entries below a size."""

    def completeness(self, subject: str) -> bytes | None:
        """The completeness bundle; None where there is none, or more than one may hold."""
