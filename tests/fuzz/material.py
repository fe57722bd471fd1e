"""Valid examples for the table: one small log with everything in it, signed by keys derived from labels."""

from __future__ import annotations

import io
import tarfile
from datetime import date
from functools import cache
from pathlib import Path

import cbor2
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import api.importing
from api.importing import pledge_template as template
from api.importing.table_writer import csv_table, xlsx_table
from api.monitor.known_keys import KeyLine
from api.monitor.monitor_state import FollowState
from ledger.cose.access_token import AccessRequest, sign_access
from ledger.cose.archive_signature import sign_archive
from ledger.cose.cbor import encode
from ledger.cose.receipts import encode_receipts
from ledger.cose.sign_in_answer import sign_sign_in
from ledger.cose.standing_token import sign_standing
from ledger.cose.statement import decode_event, parse_statement
from ledger.domain.values.mark_serials import RANGE_BYTES, make
from ledger.keys.proof_of_possession import prove_possession
from ledger.store.backup_file import FORMAT, MANIFEST, add
from ledger.tlog.checkpoint import parse_checkpoint
from ledger.tlog.note import NoteSigner, parse_note
from ledger.tlog.prefix import MapLeaf, MapProof, MapValue
from ledger.tlog.tiles import encode_bundle
from ledger.tlog.tlog_proof import TlogProof, format_proof
from ledger.verifier import Trust
from ledger.verifier.formats.archive import write_archive
from ledger.verifier.formats.bundle import Bundle, Shown, StreamShown
from ledger.verifier.formats.manifest import ArchiveManifest, Member, encode_manifest
from ledger.witness.add_checkpoint import AddCheckpoint, format_request
from tests.support.bundles import encode_bundle as encode_completeness
from tests.support.keys import signer_for
from tests.support.naive_tree import path, proof
from tests.support.paper_certificate import PaperCertificate
from tests.support.paper_log import ORIGIN, START, PaperLog
from tests.support.statements import ENTERPRISE, registered
from tests.support.witnesses import cosign, policy_text

__all__ = ["NOW", "certificate", "examples", "log", "trust"]

NOW = START


@cache
def log() -> PaperLog:
    """A charter, an organizer, an enterprise's open and sealed entries, in two checkpoints."""
    log = PaperLog(root=signer_for("fuzz root"))
    log.checkpoint_key = NoteSigner(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
    log.receipt_key, log.standing_key = signer_for("fuzz receipt", "p256"), signer_for("fuzz standing", "p256")
    organizer = signer_for("fuzz organizer")
    log.establish()
    log.enrol("party:organizer", organizer, "organizer")
    log.commit()
    log.add(registered(), ENTERPRISE, "party:organizer", organizer)
    log.add(registered(), ENTERPRISE, "party:organizer", organizer, sealed=True)
    log.commit()
    return log


@cache
def trust() -> Trust:
    return log().trust()


@cache
def certificate() -> PaperCertificate:
    """In a log of its own."""
    return PaperCertificate(renamed="北京𬭚䶮㛃有限公司")


@cache
def examples() -> dict[str, tuple[bytes, ...]]:
    """By the name of the kind of bytes."""
    book, key = log(), signer_for("fuzz organizer")
    size, note = len(book.entries), book.note()
    cosigned = cosign(note, START, "one", "two")
    policy = policy_text("one", "two", rule="1", urls={"one": "https://witness.example/one"}).encode()
    vkey = book.checkpoint_key.key.format()
    opened, sealed = book.entries[-2], book.entries[-1]
    asked = AccessRequest(content="ab" * 32, purpose="查证", resource="/v1/bodies/1")
    sign_in = sign_sign_in(
        party="party:organizer",
        log=ORIGIN,
        web_origin="https://ledger.example.org",
        expires_at=NOW,
        nonce=bytes(32),
        signer=key,
    )
    token = sign_access(asked, party="party:organizer", origin=ORIGIN, issued_at=NOW, cti=bytes(16), signer=key)
    standing = sign_standing(
        b'{"level":"GOOD"}', subject=ENTERPRISE, origin=ORIGIN, issued_at=NOW, signer=book.standing_key
    )
    proofs = (
        MapProof((b"\1" * 32, b"", b"\2" * 32), MapLeaf(b"\3" * 32, MapValue(2, b"\4" * 32))),
        MapProof((), None),
    )
    bundle = Bundle(
        note,
        book.transparent(1),
        ((b"\1" * 32,), ()),
        (
            StreamShown(
                ENTERPRISE,
                proofs[0],
                (Shown(book.transparent(size - 2), None), Shown(book.transparent(size - 1), book.bodies[size - 1])),
            ),
            StreamShown("party:root", proofs[1], (Shown(book.transparent(0), None),)),
        ),
    )
    manifest = encode_manifest(
        ArchiveManifest(
            origin=ORIGIN,
            subject=ENTERPRISE,
            period_from=date(2026, 1, 1),
            period_until=date(2026, 3, 1),
            shown_on=date(2026, 3, 2),
            tree_size=size,
            exported_by=None,
            entries=(size - 2,),
            left_out=(),
            files=(Member(path="checkpoint.txt", bytes=len(note), sha256="ab" * 32),),
        )
    )
    table = [list(template.HEADER), [f"{name} 1" for name in template.HEADER]]
    state = FollowState(
        v=1,
        origin=ORIGIN,
        subjects=(ENTERPRISE,),
        trust=book.trust_file().format().decode(),
        note=note.decode(),
        size=size,
        root=parse_checkpoint(parse_note(note).text).root.hex(),
        told=size - 1,
        keys_bytes=10,
    )
    event = decode_event(parse_statement(opened))
    mapping = (Path(api.importing.__file__).parents[2] / "docs" / "examples" / "cfpb.toml").read_bytes()
    return {
        "note": (note, cosigned),
        "certificate": (certificate().pdf(),),
        "note text": (note.partition(b"\n\n")[0] + b"\n",),
        "cosigned": (cosigned, note),
        "vkey": (vkey.encode(),),
        "policy": (policy,),
        "logs": (f"log {vkey} https://log.example\n".encode(), f"logs/v0\nvkey {vkey}\nqpd 24\n".encode()),
        "tile path": (b"tile/0/x001/x234/067", b"tile/1/000.p/12"),
        "bundle path": (b"tile/entries/x001/x234/067", b"tile/entries/000.p/12"),
        "tile": (b"".join(bytes([n]) * 32 for n in range(5)),),
        "entries": (encode_bundle(book.entries), encode_bundle([b""])),
        "tlog-proof": (format_proof(TlogProof(1, tuple(path(1, book.entries)), cosigned, b"extra")),),
        "consistency": (b"".join(proof(3, book.entries)),),
        "witness request": (format_request(AddCheckpoint(3, tuple(proof(3, book.entries)), note)),),
        "cbor": (cbor2.dumps({1: [2, b"3", "4", None], "a": {-1: 2**60}}, canonical=True), opened[1:]),
        "statement": (opened, sealed, book.entries[0]),
        "payload": (msgspec.json.encode(event, order="sorted"), parse_statement(book.entries[0]).payload),
        "body": (book.bodies[size - 1],),
        "receipt": (book.receipt(1), book.receipt(size - 1)),
        "receipts": (encode_receipts([book.receipt(index) for index in (0, size - 1)]), b""),
        "transparent": (book.transparent(1), book.transparent(size - 1)),
        "evidence": (book.evidence(size - 2),),
        "standing token": (standing,),
        "access token": (token,),
        "sign-in": (sign_in,),
        "possession": (prove_possession(key, "party:organizer", ORIGIN),),
        "cose key": (key.public.cose_key, book.receipt_key.public.cose_key),
        "pem": (key.public.pem.encode(), book.receipt_key.public.pem.encode()),
        "trust": (book.trust_file().format(), book.trust_file(policy.decode()).format()),
        "charter": (b"".join(book.entries[:3]),),
        "completeness": (encode_completeness(bundle),),
        "archive": (write_archive({"manifest.json": manifest, "checkpoint.txt": note}),),
        "manifest": (manifest,),
        "archive signature": (
            sign_archive(manifest, party="party:organizer", subject=ENTERPRISE, origin=ORIGIN, signer=key),
        ),
        "backup": (_backup(),),
        "journal": (b'["body","' + b"ab" * 32 + b'"]\n',),
        "serial": (make(bytes(32), "ab" * RANGE_BYTES, 7).encode(),),
        "cursor": (b"2026-03-15.12.uscc:91110000600037341L",),
        "subject": (b"uscc:91110000600037341L", b"local:test/one", b"party:organizer", b"policy"),
        "csv": (csv_table(table), csv_table([*table] * 3)),
        "xlsx": (xlsx_table(table, "x"),),
        "mapping": (mapping,),
        "state": (msgspec.json.encode(state),),
        "key file": (msgspec.json.encode(KeyLine(at=1, kid="ab" * 32, party="party:organizer", key="a1")) + b"\n",),
        "secrets": (b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n",),
        "answers": (encode({"status": "registered", "entry": 1}) + encode({"status": "refused", "rule": "x"}),),
        "batch": (cbor2.dumps(opened) + cbor2.dumps([sealed, book.bodies[size - 1]]),),
        "problem": (b'{"type": "urn:credit-ledger:busy", "title": "x"}', cbor2.dumps({-1: "title", -2: "detail"})),
    }


def _backup() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:") as archive:
        manifest = {"format": FORMAT, "tree_size": 0, "note": "", "migrations": [], "tables": {}}
        add(archive, MANIFEST, msgspec.json.encode(manifest))
    return out.getvalue()
