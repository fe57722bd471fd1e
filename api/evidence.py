"""Evidence about an entry's issuer: the entries from the charter on that say whose key it is and what it may do.

Byte-stable for ever: only entries before the one in question, each with its canonical receipt.
"""

from __future__ import annotations

from typing import Final

import cbor2

from ledger.cose.receipt import attach
from ledger.cose.statement import parse_statement
from ledger.errors import NotFound
from ledger.log import Log
from ledger.store.port import EntryRow, Store

__all__ = ["evidence"]

MEDIA_TYPE: Final = "application/vnd.credit-ledger.evidence+cbor"


def evidence(index: int, store: Store, log: Log) -> bytes:
    """Deterministic CBOR `{typ, v, entries: [transparent statement, …]}`. Raises `NotFound`."""
    statements = store.statements([index])
    if index not in statements:
        raise NotFound(f"no entry {index} in the log")
    rows = _chain(parse_statement(statements[index]).issuer, max(index, 1), store)
    entries = [attach(row.statement, [log.receipt(row.index)[0]]) for row in rows]
    return cbor2.dumps({"typ": MEDIA_TYPE, "v": 1, "entries": entries}, canonical=True)


def _chain(issuer: str, before: int, store: Store) -> list[EntryRow]:
    """The party streams that the issuer's entitlement rests on, below `before`, in log order."""
    rows: dict[int, EntryRow] = {}
    parties, seen = [issuer], {issuer}
    while parties:
        for row in store.stream(parties.pop(), tree_size=before):
            rows[row.index] = row
            signer = parse_statement(row.statement).issuer
            if signer not in seen:
                seen.add(signer)
                parties.append(signer)
    return [rows[index] for index in sorted(rows)]
