"""Completeness bundles as files."""

from __future__ import annotations

from ledger.verifier.formats.bundle import Bundle, bundle_pieces

__all__ = ["encode_bundle"]


def encode_bundle(bundle: Bundle) -> bytes:
    """The file of a bundle, whole."""
    return b"".join(bundle_pieces(bundle))
