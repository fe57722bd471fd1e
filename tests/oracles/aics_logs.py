"""The packages `aics-tlog` and `aics-witness` (Python 3.12 or later): logs, and their client that asks a witness."""

from __future__ import annotations

from collections import defaultdict

from aics_tlog import MerkleTree
from aics_witness.feeder import WitnessClient

from tests.oracles.lines import answer

TREES: defaultdict[str, MerkleTree] = defaultdict(MerkleTree)
CLIENTS: dict[tuple[str, str], WitnessClient] = {}


def append(log: str, entries: list[bytes]) -> tuple[int, bytes]:
    """Add entries to a log; its size and root."""
    TREES[log].extend(entries)
    return len(TREES[log]), TREES[log].root()


def submit(log: str, note: bytes, url: str, vkey: str) -> str:
    """Ask a witness for its cosignature of a log's checkpoint; the line. Raises WitnessRejected."""
    client = CLIENTS.setdefault((url, vkey), WitnessClient(url, vkey))
    return client.submit(note, TREES[log].consistency_proof)


if __name__ == "__main__":
    answer({"append": append, "submit": submit})
