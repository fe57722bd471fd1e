"""From one verified checkpoint to the next: what a log may do is grow. Everything else is named, and kept as evidence.

rolled_back  the log shows an older tree than it has shown before (a restored backup, a lost tail)
two_trees    two signed trees of one size: alone enough to prove that the log shows two histories
forked       a larger tree that does not contain the one shown before
not_signed   a checkpoint that no trusted key signed, or one of another log
false_files  tiles or entries that are not those of the signed tree
false_entry  an entry whose signature does not hold, or that is no statement
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from api.monitor.log_source import LogSource
from api.monitor.proven_tree import ProvenTree
from ledger.errors import LedgerError, Malformed, NotFound, Refuted, Uncheckable
from ledger.limits import FOLLOW_STALE_SECONDS, FOLLOW_STALE_TRIES_MAX
from ledger.tlog.checkpoint import VerifiedCheckpoint
from ledger.tlog.proof import verify_consistency
from ledger.tlog.tlog_proof import parse_proof
from ledger.verifier import Trust
from ledger.verifier.checkpoint import require_head

__all__ = ["Inconsistent", "Kind", "KnownCheckpoint", "advance", "look", "open_head"]

Kind = Literal["rolled_back", "two_trees", "forked", "not_signed", "false_files", "false_entry"]


@dataclass(frozen=True, slots=True)
class KnownCheckpoint:
    """A checkpoint that holds, with the signed note that says so."""

    note: bytes
    checkpoint: VerifiedCheckpoint

    @property
    def size(self) -> int:
        return self.checkpoint.size

    @property
    def root(self) -> bytes:
        return self.checkpoint.root


class Inconsistent(Refuted):
    """The log contradicts itself, or what it signed. `kept` and `shown` are notes; `proof` leads to the shown root."""

    def __init__(
        self,
        kind: Kind,
        zh: str,
        en: str,
        *,
        kept: bytes | None = None,
        shown: bytes | None = None,
        proof: tuple[bytes, ...] = (),
    ) -> None:
        super().__init__(f"{zh} / {en}")
        self.kind: Final = kind
        self.zh = zh
        self.en = en
        self.kept = kept
        self.shown = shown
        self.proof = proof


def open_head(note: bytes, trust: Trust) -> KnownCheckpoint:
    """A checkpoint under the trust file's keys and quorum. Raises `Refuted`, `Malformed`, `Uncheckable`."""
    return KnownCheckpoint(note, require_head(note, trust).checkpoint)


def look(
    source: LogSource,
    trust: Trust,
    kept: KnownCheckpoint | None = None,
    *,
    sleep: Callable[[float], object] = time.sleep,
) -> KnownCheckpoint:
    """The newest checkpoint that the log shows, verified; an older one than `kept` is asked for again.

    Raises `Inconsistent` (not signed by the log), `Uncheckable` (no quorum yet, or what is no checkpoint at all, as
    somebody else on the way might answer), `Unavailable`.
    """
    for attempt in range(FOLLOW_STALE_TRIES_MAX):
        if attempt:
            sleep(FOLLOW_STALE_SECONDS)
        shown = _look_once(source, trust)
        if kept is None or shown.size >= kept.size:
            break
    return shown


def advance(kept: KnownCheckpoint | None, shown: KnownCheckpoint, source: LogSource) -> ProvenTree:
    """The tree of `shown`, which contains that of `kept`. Raises `Inconsistent`, `Unavailable`."""
    if kept is not None and shown.size < kept.size:
        raise Inconsistent(
            "rolled_back",
            f"日志倒退：曾出示 {kept.size} 条记录的树，现在只出示 {shown.size} 条",
            f"the log went back: it had shown a tree of {kept.size} entries, and now shows one of {shown.size}",
            kept=kept.note,
            shown=shown.note,
        )
    if kept is not None and shown.size == kept.size and shown.root != kept.root:
        raise Inconsistent(
            "two_trees",
            f"日志分叉：对同为 {kept.size} 条记录签署了两棵不同的树",
            f"the log is forked: it signed two different trees of {kept.size} entries",
            kept=kept.note,
            shown=shown.note,
        )
    try:
        tree = ProvenTree(shown.checkpoint, source.tile)
        proof = tuple(tree.consistency(kept.size)) if kept is not None and 0 < kept.size < shown.size else ()
    except (Refuted, Malformed) as error:
        raise false_files(error, kept, shown) from error
    except NotFound as error:
        raise Uncheckable(f"a tile of the tree of {shown.size} entries is missing: {error}") from error
    if kept is not None and 0 < kept.size < shown.size:
        try:
            verify_consistency(kept.size, shown.size, kept.root, shown.root, proof)
        except Refuted as error:
            raise Inconsistent(
                "forked",
                f"日志分叉：{shown.size} 条记录的树不包含先前出示的 {kept.size} 条记录的树",
                f"the log is forked: its tree of {shown.size} entries does not contain the one of {kept.size} "
                "entries that it showed before",
                kept=kept.note,
                shown=shown.note,
                proof=proof,
            ) from error
    return tree


def false_files(error: LedgerError, kept: KnownCheckpoint | None, shown: KnownCheckpoint) -> Inconsistent:
    """Files that are not those of the tree that was signed."""
    return Inconsistent(
        "false_files",
        f"日志出示的文件与其签署的树不符：{error}",
        f"the log shows files that are not those of the tree that it signed: {error}",
        kept=None if kept is None else kept.note,
        shown=shown.note,
    )


def _look_once(source: LogSource, trust: Trust) -> KnownCheckpoint:
    try:
        note = source.checkpoint()
    except (NotFound, Malformed) as error:
        raise Uncheckable(f"no log is shown: {error}") from error
    try:
        return open_head(note, trust)
    except Malformed as error:
        raise Uncheckable(f"{source.url} shows no checkpoint: {error}") from error
    except Refuted as error:
        raise _not_signed(error, note) from error
    except Uncheckable:
        if trust.quorum is None:
            raise
        # The newest tree waits for its witnesses: the proofs that the log gives are up to one that has them.
        return _witnessed(source, trust)


def _witnessed(source: LogSource, trust: Trust) -> KnownCheckpoint:
    try:
        note = parse_proof(source.proof()).checkpoint
    except (NotFound, Malformed) as error:
        raise Uncheckable(f"no checkpoint with the quorum {trust.quorum} of witnesses yet: {error}") from error
    try:
        return open_head(note, trust)
    except Refuted as error:
        raise _not_signed(error, note) from error


def _not_signed(error: LedgerError, note: bytes) -> Inconsistent:
    return Inconsistent(
        "not_signed",
        f"检查点不是所信任的日志签署的：{error}",
        f"the checkpoint is not signed by the log that is trusted: {error}",
        shown=note,
    )
