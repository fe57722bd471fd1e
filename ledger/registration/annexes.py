"""Annexes of a statement at its admission: each that is named is here, and is what the statement says of it.

`ledger/store/annexes.py` keeps them; what type a file has is told by `ledger/domain/values/media_types.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from ledger.domain.events.base import Annex
from ledger.errors import Refused
from ledger.store.annexes import AnnexKept

__all__ = ["MissingAnnex", "require_annexes"]

_TEXTS: Final = frozenset(("text/plain", "text/csv"))  # no content tells one from the other


class MissingAnnex(Refused):
    """These annexes (SHA-256) must be uploaded before the statement that names them."""

    def __init__(self, digests: Sequence[bytes]) -> None:
        super().__init__(
            "annex.missing",
            "缺少附件: 请先上传附件",
            "an annex is missing: upload it before the statement",
            ", ".join(digest.hex() for digest in digests),
        )
        self.digests = tuple(digests)


def require_annexes(named: Sequence[Annex], known: Mapping[bytes, AnnexKept]) -> None:
    """Every annex that a statement names is here, as it names it. Raises `MissingAnnex`, `Refused`."""
    missing = [digest for annex in named if (digest := bytes.fromhex(annex.sha256)) not in known]
    if missing:
        raise MissingAnnex(missing)
    for annex in named:
        kept = known[bytes.fromhex(annex.sha256)]
        if kept.bytes != annex.bytes:
            raise Refused(
                "annex.length",
                f"附件长度与声明不符: 实为 {kept.bytes} 字节",
                f"the annex has another length than the statement says: {kept.bytes} bytes",
                str(annex.bytes),
            )
        if annex.media_type != kept.media_type and not {annex.media_type, kept.media_type} <= _TEXTS:
            raise Refused(
                "annex.other_type",
                f"附件类型与声明不符: 实为 {kept.media_type}",
                f"the annex is of another type than the statement says: {kept.media_type}",
                annex.media_type,
            )
