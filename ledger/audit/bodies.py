"""Bodies against their commitments: is what the vault holds of an entry what it must hold?"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from ledger.audit.findings import Findings
from ledger.audit.source import EntryFound

__all__ = ["check_body"]


def check_body(row: EntryFound, commitment: bytes | None, erased_by: int | None, findings: Findings) -> bytes | None:
    """The body, if it is there and the one that was committed to. What is wrong with it goes to the findings.

    `commitment`: of a sealed statement, or of the text that an open one names; `erased_by`: the entry that erased it.
    """
    where: dict[str, Any] = {"entry": row.index, "subject": row.subject}
    if row.vault is None:
        if row.kept and commitment is not None and erased_by is None:
            findings.add("body.missing", "the vault has no row", **where)
        return None
    _, kept, body, _ = row.vault
    if commitment is None:
        findings.add("body.unknown", "a body of an entry that has none", row=f"ledger.vault {row.index}", **where)
        return None
    if row.kept and kept != commitment:
        findings.add("body.altered", "the vault's commitment is not the statement's", **where)
    if body is None:
        if row.kept and erased_by is None:
            findings.add("body.missing", "no entry erased it", **where)
        return None
    if sha256(body).digest() != commitment:
        findings.add("body.altered", f"SHA-256 {sha256(body).hexdigest()}, not {commitment.hex()}", **where)
        return None
    if erased_by is not None:
        findings.add("body.not_erased", f"erased by entry {erased_by}", **where)
    return body
