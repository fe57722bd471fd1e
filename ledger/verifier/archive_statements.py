"""Where each statement of an evidence archive is in the log: its receipts, and the proof in the checkpoint's tree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from ledger.domain.values.subject import POLICY, is_enterprise, kind
from ledger.errors import Refuted
from ledger.tlog.checkpoint import VerifiedCheckpoint
from ledger.tlog.hashing import leaf_hash
from ledger.tlog.proof import verify_inclusion
from ledger.tlog.tlog_proof import parse_proof
from ledger.verifier.entry_location import Located, Roots, check_order, locate
from ledger.verifier.formats import archive_paths as paths
from ledger.verifier.formats.archive import member
from ledger.verifier.formats.evidence import parse_evidence
from ledger.verifier.formats.manifest import CHECKPOINT
from ledger.verifier.trust import Trust

__all__ = ["Statements", "check_proofs", "governing_in", "located_in"]

_STREAMS: Final[tuple[tuple[paths.Folder, str], ...]] = (
    ("rules", "policy"),
    ("campaigns", "campaign"),
    ("entries", "enterprise"),
)


class Statements(NamedTuple):
    """By folder, by index; and every one of them once."""

    entries: dict[int, Located]
    governing: dict[int, Located]


def located_in(members: Mapping[str, bytes], trust: Trust) -> Statements:
    """All statements, each in its folder. Raises `Refuted`, `Malformed`, `Uncheckable`, as `locate` does."""
    roots, governing, entries = Roots(), dict[int, Located](), dict[int, Located]()
    for folder, wanted in _STREAMS:
        found = entries if wanted == "enterprise" else governing
        for index in paths.numbers(members, folder, paths.TRANSPARENT):
            path = paths.numbered(folder, index, paths.TRANSPARENT)
            entry = found[index] = locate(members[path], trust, roots)
            if entry.index != index or kind(entry.statement.subject) != wanted:
                raise Refuted(f"{path} holds entry {entry.index}, about {entry.statement.subject}")
    for path in sorted(members):
        if path.endswith(f".{paths.EVIDENCE}"):
            chosen = [locate(one, trust, roots) for one in parse_evidence(members[path])]
            check_order(chosen)
            for entry in chosen:
                same = governing.setdefault(entry.index, entry)
                if same.statement.raw != entry.statement.raw:
                    raise Refuted(f"two statements are shown at one position of the log: {entry.index}")
    if set(governing) & set(entries):
        raise Refuted("one position of the log is shown as being about two subjects")
    return Statements(entries, governing)


def governing_in(members: Mapping[str, bytes]) -> list[bytes]:
    """The transparent statements about parties and policies, none of them verified, each position once."""
    found: dict[bytes, None] = {}
    for folder, wanted in _STREAMS:
        if wanted != "enterprise":
            for index in paths.numbers(members, folder, paths.TRANSPARENT):
                found[members[paths.numbered(folder, index, paths.TRANSPARENT)]] = None
    for path in sorted(members):
        if path.endswith(f".{paths.EVIDENCE}"):
            found.update(dict.fromkeys(parse_evidence(members[path])))
    return list(found)


def check_proofs(members: Mapping[str, bytes], statements: Statements, head: VerifiedCheckpoint) -> None:
    """Each statement has its proof, and there is no other. Raises `Refuted`, `Malformed`."""
    proofs = {
        _check_proof(members, index, entry, head)
        for index, entry in (*statements.governing.items(), *statements.entries.items())
    }
    for path in members:
        if path.endswith(f".{paths.PROOF}") and path not in proofs:
            raise Refuted(f"{path} proves nothing that is in the archive")


def _check_proof(members: Mapping[str, bytes], index: int, entry: Located, head: VerifiedCheckpoint) -> str:
    """The path of the proof, which holds."""
    subject = entry.statement.subject
    folder: paths.Folder = "evidence"
    if is_enterprise(subject):
        folder = "entries"
    elif subject == POLICY and paths.numbered("rules", index, paths.TRANSPARENT) in members:
        folder = "rules"
    elif kind(subject) == "campaign":
        folder = "campaigns"
    path = paths.numbered(folder, index, paths.PROOF)
    proof = parse_proof(member(members, path))
    if proof.index != index or proof.checkpoint != members[CHECKPOINT] or proof.extra:
        raise Refuted(f"the proof of entry {index} is of something else")
    verify_inclusion(index, head.size, leaf_hash(entry.statement.raw), head.root, proof.hashes)
    return path
