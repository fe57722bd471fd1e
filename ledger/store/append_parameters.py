"""A batch as parameters of the statement `append`."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, Final

from ledger.store.array_parameters import Bigints, Byteas, Texts
from ledger.store.contract import Batch, NewEntry

__all__ = ["append_params", "fact_key"]

_FACT_KEY_CHARACTERS_MAX: Final = 128
_DIGEST: Final = "sha256:"
_Numbered = Sequence[tuple[int, NewEntry]]  # entries by leaf index


def fact_key(key: str) -> str:
    """The key under which a fact is stored: itself, or its digest if an index could not hold it.

    Keys come from signed statements: one with a NUL or of many kilobytes must not fail its neighbours' commit.
    """
    if len(key) <= _FACT_KEY_CHARACTERS_MAX and "\0" not in key and not key.startswith(_DIGEST):
        return key
    return _DIGEST + hashlib.sha256(key.encode()).hexdigest()


def append_params(batch: Batch) -> dict[str, Any]:
    """Parameters by name. Raises `ValueError` if entries, tiles and checkpoint do not belong together."""
    checkpoint, entries = batch.checkpoint, batch.entries
    previous = checkpoint.previous_size
    if not entries or checkpoint.tree_size - previous != len(entries):
        raise ValueError(f"{len(entries)} entries do not take the tree from {previous} to {checkpoint.tree_size}")
    numbered = list(enumerate(entries, previous))
    return {
        "tree_size": checkpoint.tree_size,
        "previous_size": previous,
        "root": checkpoint.root,
        "recorded_at": checkpoint.recorded_at,
        "note": checkpoint.note,
        "protected": checkpoint.receipt_protected,
        "signature": checkpoint.receipt_signature,
        "subjects": Texts([entry.subject for entry in entries]),
        "versions": Bigints([entry.version for entry in entries]),
        "topics": Texts([entry.topic for entry in entries]),
        "statements": Byteas([entry.statement for entry in entries]),
        "leaf_hashes": Byteas([entry.leaf_hash for entry in entries]),
        "commitments": Byteas([entry.commitment for entry in entries]),
        **_facts(numbered),
        **_bodies(numbered, frozenset(batch.erased)),
        "erased": Bigints(batch.erased),
        **_annexes(numbered),
        "taken_down": Byteas(list(batch.taken_down)),
        "tile_levels": Bigints([tile.level for tile in batch.tiles]),
        "tile_numbers": Bigints([tile.number for tile in batch.tiles]),
        "tile_hashes": Byteas([tile.hashes for tile in batch.tiles]),
    }


def _facts(numbered: _Numbered) -> dict[str, Any]:
    facts = [(fact, index) for index, entry in numbered for fact in entry.facts]
    return {
        "fact_kinds": Texts([fact.kind for fact, _ in facts]),
        "fact_keys": Texts([fact_key(fact.key) for fact, _ in facts]),
        "fact_indices": Bigints([index for _, index in facts]),
    }


def _bodies(numbered: _Numbered, erased: frozenset[int]) -> dict[str, Any]:
    """Of the sealed entries that this very batch does not erase again."""
    bodies = [(index, entry) for index, entry in numbered if entry.body is not None and index not in erased]
    if any(entry.commitment is None for _, entry in bodies):
        raise ValueError("a body without a commitment")
    return {
        "body_indices": Bigints([index for index, _ in bodies]),
        "body_commitments": Byteas([entry.commitment for _, entry in bodies]),
        "bodies": Byteas([entry.body for _, entry in bodies]),
        "body_public": Bigints([int(entry.body_public) for _, entry in bodies]),
    }


def _annexes(numbered: _Numbered) -> dict[str, Any]:
    annexes = [(annex, index) for index, entry in numbered for annex in entry.annexes]
    return {
        "annex_digests": Byteas([annex.digest for annex, _ in annexes]),
        "annex_indices": Bigints([index for _, index in annexes]),
        "annex_types": Texts([annex.media_type for annex, _ in annexes]),
    }
