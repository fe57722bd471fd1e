"""Evidence about an entry's issuer: the entries from the charter on that say whose key it is and what it may do.

As far as the log goes now: a revocation that came after the entry is part of it, so that whoever fetches the
evidence later learns that a key was compromised.
"""

from __future__ import annotations

from typing import Final

from ledger.cose import headers
from ledger.cose.receipt import attach
from ledger.cose.statement import parse_statement
from ledger.domain.state.party import ROOT_PARTY
from ledger.domain.values.subject import POLICY
from ledger.errors import NotFound
from ledger.reading.feed import to_recorded
from ledger.reading.log_reader import Log
from ledger.store.contract import EntryRow, Store
from ledger.verifier.formats.evidence import encode_evidence, select

__all__ = ["MEDIA_TYPE", "evidence"]

MEDIA_TYPE: Final = headers.EVIDENCE


def evidence(index: int, store: Store, log: Log) -> bytes:
    """The evidence file about the issuer of entry `index` (`ledger.verifier.formats.evidence`). Raises `NotFound`."""
    statements = store.statements([index])
    if index not in statements:
        raise NotFound(f"no entry {index} in the log")
    statement = parse_statement(statements[index])
    rows = _streams(statement.issuer, store)
    chosen = select([to_recorded(row) for row in rows.values()], statement.issuer, statement.kid)
    return encode_evidence([attach(rows[one].statement, [log.receipt(one)[0]]) for one in chosen])


def _streams(issuer: str, store: Store) -> dict[int, EntryRow]:
    """By index, in log order: the streams of the issuer, of whoever signed in them, of the root, and the policies."""
    rows: dict[int, EntryRow] = {}
    left, seen = [issuer, ROOT_PARTY, POLICY], {issuer, ROOT_PARTY, POLICY}
    while left:
        subject = left.pop()
        for row in store.stream(subject):
            rows[row.index] = row
            signer = parse_statement(row.statement).issuer
            if signer not in seen:
                seen.add(signer)
                left.append(signer)
    return dict(sorted(rows.items()))
