"""From an archive's material to its bytes: the readable page, the manifest, the exporter's signature, the ZIP. Pure."""

from __future__ import annotations

from hashlib import sha256

from msgspec.structs import replace

from api.evidence.gather import Material
from api.evidence.index_page import page_of
from ledger.cose.archive_signature import sign_archive
from ledger.keys.signer import Signer
from ledger.verifier.formats.archive import write_archive
from ledger.verifier.formats.manifest import INDEX, MANIFEST, SIGNATURE, ArchiveManifest, Member, encode_manifest

__all__ = ["build"]


def build(material: Material, signer: Signer | None = None) -> bytes:
    """The archive: the same material, the same bytes. `signer`: the key that the material names as the exporter's."""
    members = dict(material.members)
    head = ArchiveManifest(
        origin=material.origin,
        subject=material.subject,
        period_from=material.period[0],
        period_until=material.period[1],
        shown_on=material.shown_on,
        tree_size=material.tree_size,
        exported_by=material.exported_by,
        entries=tuple(material.entries),
        left_out=tuple(material.left_out),
        files=(),
    )
    members[INDEX] = page_of(head, members)
    files = tuple(
        Member(path=path, bytes=len(content), sha256=sha256(content).hexdigest())
        for path, content in sorted(members.items())
    )
    manifest = encode_manifest(replace(head, files=files))
    members[MANIFEST] = manifest
    if signer is not None and material.exported_by is not None:
        members[SIGNATURE] = sign_archive(
            manifest,
            party=material.exported_by.party,
            subject=material.subject,
            origin=material.origin,
            signer=signer,
        )
    return write_archive(members)
