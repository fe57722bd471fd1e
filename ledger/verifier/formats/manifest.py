"""The manifest of an evidence archive: what it is about, every file in it, and what was left out and why.

`manifest.json` is canonical JSON (RFC 8785). `docs/evidence-export.md` describes it for others.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from ledger.domain.events.base import Digest, EntryIndex
from ledger.domain.values.subject import is_enterprise, parse
from ledger.domain.values.text import check_text
from ledger.errors import Malformed, Refused
from ledger.limits import ARCHIVE_MANIFEST_BYTES_MAX

__all__ = [
    "CHECKPOINT",
    "COMPLETENESS",
    "INDEX",
    "MANIFEST",
    "SIGNATURE",
    "TRUST",
    "ArchiveManifest",
    "ExportedBy",
    "LeftOut",
    "Member",
    "Why",
    "encode_manifest",
    "parse_manifest",
]

MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "manifest.cose"  # absent from an unsigned archive
INDEX: Final = "index.html"
CHECKPOINT: Final = "checkpoint.txt"
TRUST: Final = "trust.json"
COMPLETENESS: Final = "completeness.cbor"
_FORMAT: Final = "credit-ledger evidence archive"

What = Literal[
    "body", "attachment", "annex", "accesses", "signed_standing", "completeness", "earlier_entries", "later_entries"
]
Why = Literal[
    "closed",  # was public once, is no longer
    "not_public",  # was never public
    "erased",
    "no_key",  # asked without the key of somebody who may read it
    "not_for_this_party",
    "not_served",  # the source has nothing of the kind
    "outside_period",
]
_Count = Annotated[int, Meta(ge=1)]


class Member(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file of the archive."""

    path: str
    bytes: Annotated[int, Meta(ge=0)]
    sha256: Digest


class LeftOut(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Something that is in the book and not in the archive. `entry`: whose it is; `count`: of entries, how many."""

    what: What
    why: Why
    entry: EntryIndex | None = None
    count: _Count = 1


class ExportedBy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who exported it and signed the manifest: a party, by a key (thumbprint in hexadecimal), and why it asked."""

    party: str
    kid: Digest
    purpose: Annotated[str, Meta(min_length=1, max_length=512)]


class ArchiveManifest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The table of contents of an evidence archive, and what it is about.

    `period_from` and `period_until`: dates of recording (Asia/Shanghai), both included.

    `shown_on` is the day as of which it was decided what is public; `tree_size` that of the one checkpoint.
    """

    format: Literal["credit-ledger evidence archive"] = _FORMAT
    v: Literal[1] = 1
    origin: str
    subject: str
    period_from: date
    period_until: date
    shown_on: date
    tree_size: Annotated[int, Meta(ge=1)]
    exported_by: ExportedBy | None
    entries: tuple[EntryIndex, ...]
    left_out: tuple[LeftOut, ...]
    files: tuple[Member, ...]

    @property
    def whole(self) -> bool:
        """Whether it says that it holds the enterprise's entries and bodies all of them."""
        return not any(one.what in ("body", "earlier_entries", "later_entries") for one in self.left_out)


_ENCODE: Final = msgspec.json.Encoder(order="sorted").encode
_DECODE: Final = msgspec.json.Decoder(ArchiveManifest).decode


def encode_manifest(manifest: ArchiveManifest) -> bytes:
    """The bytes of `manifest.json`."""
    return _ENCODE(manifest)


def parse_manifest(data: bytes) -> ArchiveManifest:
    """The inverse of `encode_manifest`. Raises `Malformed`."""
    if len(data) > ARCHIVE_MANIFEST_BYTES_MAX:
        raise Malformed(f"a manifest has at most {ARCHIVE_MANIFEST_BYTES_MAX} bytes")
    try:
        manifest = _DECODE(data)
        check_text(data, manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"not a manifest of version 1: {error}") from None
    except Refused as error:
        raise Malformed(f"not a manifest: {error.en}") from None
    if _ENCODE(manifest) != data:
        raise Malformed("the manifest is not in its canonical form (RFC 8785)")
    if not is_enterprise(parse(manifest.subject)):
        raise Malformed("an archive is about an enterprise")
    if manifest.period_from > manifest.period_until or manifest.period_until > manifest.shown_on:
        raise Malformed("the period of an archive ends before it begins, or after the day on which it was exported")
    paths = [file.path for file in manifest.files]
    if paths != sorted(set(paths)) or list(manifest.entries) != sorted(set(manifest.entries)):
        raise Malformed("the manifest names files and entries in order, each once")
    if len({(one.what, one.entry) for one in manifest.left_out}) != len(manifest.left_out):
        raise Malformed("the manifest names what was left out once")
    return manifest
