"""Where an audit reads from: rows as they lie there, unchecked.

`database_source.py` is that of a database, `published.py` that of a mirror or a service.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol

from msgspec import Struct

from ledger.limits import TILE_WIDTH
from ledger.store.contract import CheckpointRow, LeafRow
from ledger.store.cosignatures import CosignatureRow

__all__ = ["AnnexFound", "AuditSource", "EntryFound", "GoverningFound", "LeafFound", "Sources", "StreamRange"]


class EntryFound(Struct, frozen=True):
    """An entry with all that lies beside it. Of a published source the columns are what the statement says.

    `vault`: leaf index, commitment, body and public flag of the vault's row, None where there is none. `kept`: whether
    there are columns and a vault to be compared at all.
    """

    index: int
    subject: str
    version: int | None
    topic: str | None
    statement: bytes | None
    leaf_hash: bytes | None
    recorded_at: int
    commitment: bytes | None
    vault: tuple[int, bytes | None, bytes | None, bool | None] | None
    kept: bool


class LeafFound(Struct, frozen=True):
    """An entry's leaf as a source has it.

    `hashed` is computed from the entry's bytes (None: they are gone), `column` what is kept beside it: None where
    nothing is kept, empty where it is gone. `subject`: whether it says whose entry it is.
    """

    index: int
    hashed: bytes | None
    column: bytes | None
    recorded_at: int | None
    subject: bool = True


class AnnexFound(Struct, frozen=True):
    """A public file that lies beside the entries.

    `digest` as named, `hashed` as computed; `kept`: whether an index and a media type lie beside it.
    """

    digest: bytes
    hashed: bytes
    length: int
    index: int | None
    media_type: str | None
    kept: bool


class GoverningFound(Struct, frozen=True):
    """An entry of a governing stream."""

    index: int
    subject: str
    version: int
    recorded_at: int
    statement: bytes
    body: bytes | None


class StreamRange(NamedTuple):
    """Some streams: governing ones or not, with `first` <= subject < `last` (empty: no end), or a file of them."""

    governing: bool
    first: str
    last: str


class AuditSource(Protocol):
    """One consistent state of a log. Every method may raise `Unavailable`, `Misconfigured`, `Malformed`."""

    @property
    def tables(self) -> bool:
        """Whether it is a database: columns, vault, facts and projections are there to be compared."""

    @property
    def timed(self) -> bool:
        """Whether the time at which an entry was recorded is known."""

    @property
    def connection(self) -> Any:
        """The database's connection, None elsewhere."""

    def checkpoints(self) -> Iterator[CheckpointRow]:
        """All that are kept, by size."""

    def leaves(self) -> Iterator[LeafFound]:
        """All entries' leaf hashes, by index."""

    def tiles(self) -> Iterator[tuple[int | None, int | None, bytes | None]]:
        """Level, number and hashes of every full tile, lower levels first."""

    def tile(self, level: int, number: int, width: int = TILE_WIDTH) -> bytes | None:
        """One tile, None where there is none. Databases keep full ones only."""

    def governing(self) -> Iterator[GoverningFound]:
        """Entries of governing streams, by index."""

    def parts(self, governing: bool, count: int) -> Sequence[StreamRange]:
        """All streams of the one kind or the other in about `count` parts."""

    def streams(self, part: StreamRange) -> Iterator[list[EntryFound]]:
        """The streams of a part, one after the other, each by version."""

    def cosignatures(self) -> Iterator[CosignatureRow]:
        """All cosignatures that are kept, or on the checkpoints that are shown, those of the largest trees first."""

    def facts(self) -> Iterator[tuple[int, bytes]]:
        """All unique facts as joined records (`unique_facts.py`), by their first byte; none of a published source."""

    def subjects(self) -> Iterator[LeafRow]:
        """Whose stream each entry is in, with its leaf hash, by index: what the completeness map is made of."""

    def fact_named(self, digest: bytes) -> str:
        """Kind and key of a row of the unique facts, by its digest."""

    def annexes(self, named: Sequence[bytes]) -> Iterator[AnnexFound]:
        """All annexes that are kept; of a published source those that are `named`."""

    def close(self) -> None:
        """Let go of everything."""


class Sources(Protocol):
    """How to open the same state of a source again in another process: picklable."""

    def open(self) -> AuditSource: ...
