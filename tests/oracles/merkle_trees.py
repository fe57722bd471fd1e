"""The `pymerkle` package: an RFC 9162 tree, its roots, its proofs, and its judgement of ours. It counts from 1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pymerkle import InclusionProof, InmemoryTree

from tests.oracles.lines import answer

TREE = InmemoryTree(algorithm="sha256")


def append(entries: Sequence[bytes]) -> int:
    """Add entries to the tree; its size."""
    TREE.append_entries(list(entries))
    return TREE.get_size()


def prove_inclusion(index: int, size: int) -> Mapping[str, object]:
    proof = TREE.prove_inclusion(index, size)
    return {"rule": proof.rule, "path": proof.path}


def verify_inclusion(index: int, size: int, rule: Sequence[int], path: Sequence[bytes], root: bytes) -> None:
    """Whether a path that begins with the leaf's hash leads to the root. Raises InvalidProof."""
    InclusionProof("sha256", True, size, index, list(rule), list(path)).verify(path[0], root, index=index, size=size)


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes) -> None:
    """Its own proof between its own trees, against roots that somebody else has computed. Raises InvalidProof."""
    TREE.prove_consistency(old, new).verify(old_root, new_root)


if __name__ == "__main__":
    answer(
        {
            "append": append,
            "root": TREE.get_root,
            "hash_buff": TREE.hash_buff,
            "hash_pair": TREE.hash_pair,
            "prove_inclusion": prove_inclusion,
            "verify_inclusion": verify_inclusion,
            "verify_consistency": verify_consistency,
        }
    )
