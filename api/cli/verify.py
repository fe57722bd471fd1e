"""`verify`: offline verification of files, in numbered steps. No network, no database, no service."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from api.cli.files import BODY, EVIDENCE, NOT_ALONE, PROOF, RECEIPT, STANDING, STATEMENT, beside
from api.cli.options import FILE
from api.cli.output import explain, print_json
from api.client.recompute import compare, computed, standing_of
from api.evidence.archive_check import CheckedArchive, check_archive
from ledger.cose import headers
from ledger.cose.cbor import decode
from ledger.cose.receipt import attach
from ledger.cose.sign1 import split
from ledger.cose.standing_token import standing_issued_at, standing_kid, verify_standing
from ledger.domain.events.base import Closed
from ledger.domain.values.dates import shanghai_date
from ledger.errors import LedgerError, Malformed, Uncheckable
from ledger.limits import ARCHIVE_BYTES_MAX
from ledger.tlog.tlog_proof import HEADER
from ledger.verifier import (
    Remark,
    Trust,
    Verified,
    VerifiedBundle,
    VerifiedEntry,
    parse_trust,
    verify_bundle,
    verify_entry,
    verify_head,
    verify_signed_acknowledgement,
    verify_signed_standing,
)
from ledger.verifier.formats.archive import is_archive
from ledger.verifier.formats.bundle import is_bundle

_SIGNATURE_LINE: Final = "\n\n— ".encode()  # C2SP signed-note, "Format"
_PDF: Final = b"%PDF-"
_TAG_SIGN1: Final = b"\xd2"  # RFC 9052 §4.2
_VERDICTS: Final = ("已核验 / VERIFIED", "不成立 / REFUTED", "无法核验 / COULD NOT BE CHECKED")
_WORDS: Final = ("verified", "refuted", "could not be checked")
_SEALED: Final = "内容已密封，请附上正文 / the content is sealed: give its body (NAME.body.json or --body)"
_BEGINNING_BYTES: Final = 64


@dataclass(frozen=True, slots=True)
class FileResult:
    """What became of one file: `code` 0 verified, 1 refuted, 2 could not be checked; `why` if not verified."""

    path: Path
    code: int
    steps: tuple[Remark, ...] = ()
    not_shown: tuple[Remark, ...] = ()
    why: str = ""


@click.command()
@click.argument("paths", metavar="FILE...", nargs=-1, required=True, type=FILE)
@click.option("--trust", "trust_path", type=FILE, help="What you believe beforehand: the log's trust file.")
@click.option("--evidence", "evidence_path", type=FILE, help="About the issuer; NAME.evidence.cbor if not given.")
@click.option("--body", "body_path", type=FILE, help="Of a sealed statement; NAME.body.json if not given.")
@click.option(
    "--proof",
    "proof_paths",
    type=FILE,
    multiple=True,
    help="A C2SP tlog-proof, of the statement or of its evidence; NAME.tlog-proof if not given. May be repeated.",
)
@click.option("--standing", "standing_path", type=FILE, help="Signed, to compare a bundle with.")
@click.option("--json", "as_json", is_flag=True, help="For a program.")
@click.pass_context
def verify(
    ctx: click.Context,
    paths: tuple[Path, ...],
    *,
    trust_path: Path | None,
    evidence_path: Path | None,
    body_path: Path | None,
    proof_paths: tuple[Path, ...],
    standing_path: Path | None,
    as_json: bool,
) -> None:
    """Verify transparent statements, certificates, signed standings, acknowledgements, checkpoints, bundles, evidence
    archives: offline.

    Beside NAME.transparent.cose (or NAME.cose with NAME.receipt.cose) the evidence about its issuer is read from
    NAME.evidence.cbor and the body of a sealed statement from NAME.body.json (without it: exit code 2). Where the
    trust file demands a quorum of witnesses, NAME.tlog-proof must show it (without it: exit code 2). From a bundle the
    standing is computed again, and compared with the signed one in NAME.standing.cose, if it is there. What
    NAME.acknowledgement.cose acknowledges is NAME.cose. A certificate (PDF) carries all that it is verified by.
    Compare the trust file out of band before you rely on it. Exit code 0 if every file is verified, 1 if one is
    refuted, 2 if one could not be checked.
    """
    wanted = [path for path in paths if not path.name.endswith(NOT_ALONE)]
    if not wanted:
        raise click.UsageError("these files are checked with the statement that they belong to: name that one")
    if len(wanted) > 1 and (evidence_path or body_path or proof_paths or standing_path):
        raise click.UsageError("--evidence, --body, --proof and --standing go with one file")
    outcomes = [
        _bundled(path, trust_path, standing_path)
        if _begins_as_bundle(path)
        else _outcome(path, trust_path, evidence_path, body_path, proof_paths)
        for path in wanted
    ]
    if as_json:
        print_json([_document(outcome) for outcome in outcomes])
    else:
        for outcome in outcomes:
            _say(outcome)
    codes = {outcome.code for outcome in outcomes}
    ctx.exit(1 if 1 in codes else max(codes))


def _outcome(
    path: Path,
    trust_path: Path | None,
    evidence_path: Path | None,
    body_path: Path | None,
    proof_paths: tuple[Path, ...],
) -> FileResult:
    try:
        found = _verify(path, _trust(trust_path), evidence_path, body_path, proof_paths)
    except LedgerError as error:
        why, code = explain(error)
        return FileResult(path, code, why=why)
    if isinstance(found, VerifiedEntry) and isinstance(found.event, Closed):
        # That it is in the log is shown, what it says and whether the issuer may say it is not: never a plain yes.
        return FileResult(path, 2, found.steps, found.not_shown, _SEALED)
    if isinstance(found, CheckedArchive) and found.unchecked is not None:
        return FileResult(path, 2, found.steps, found.not_shown, f"{found.unchecked.zh} / {found.unchecked.en}")
    return FileResult(path, 0, found.steps, found.not_shown)


def _begins_as_bundle(path: Path) -> bool:
    with path.open("rb") as file:
        return is_bundle(file.read(_BEGINNING_BYTES))


def _bundled(path: Path, trust_path: Path | None, standing_path: Path | None) -> FileResult:
    """A completeness bundle, the standing that follows from it, and the signed one beside it."""
    steps: tuple[Remark, ...] = ()
    not_shown: tuple[Remark, ...] = ()
    try:
        trust = _trust(trust_path)
        found = verify_bundle(path.read_bytes(), trust)
        steps, not_shown = found.steps, found.not_shown
        today = shanghai_date(int(time.time()))
        steps += (computed(standing_of(found, today), today),)
        signed = standing_path or beside(path, STANDING)
        if signed is not None:
            steps += (_compared(found, signed.read_bytes(), trust),)
    except LedgerError as error:
        why, code = explain(error)
        return FileResult(path, code, steps, not_shown, why)
    return FileResult(path, 0, steps, not_shown)


def _compared(bundle: VerifiedBundle, token: bytes, trust: Trust) -> Remark:
    """A signed standing may have expired since: it is compared with the entries of its own time."""
    key = trust.standing_key(standing_kid(token))
    if key is None:
        raise Uncheckable(f"the trust file has no standing key {standing_kid(token).hex()}")
    return compare(bundle, verify_standing(token, key, trust.origin, standing_issued_at(token)))


def _trust(path: Path | None) -> Trust:
    if path is None:
        raise Uncheckable("没有信任文件 / nothing to trust was given: --trust FILE")
    try:
        return parse_trust(path.read_bytes())
    except Malformed as error:
        raise Uncheckable(f"{path}: {error}") from error


def _verify(
    path: Path, trust: Trust, evidence_path: Path | None, body_path: Path | None, proof_paths: tuple[Path, ...]
) -> Verified:
    if path.stat().st_size > ARCHIVE_BYTES_MAX:
        raise Malformed(f"nothing that can be verified has more than {ARCHIVE_BYTES_MAX:,} bytes")
    data = path.read_bytes()
    if data.startswith(_PDF):
        from api.certificates.certificate_check import check_certificate  # noqa: PLC0415 - takes half a second

        return check_certificate(data, trust)
    if data.startswith(HEADER.encode()):
        raise Uncheckable("a tlog-proof is checked with its statement: name that one, and this with --proof")
    if is_archive(data):  # the first: everything else may lie in one
        return check_archive(data, trust)
    if _SIGNATURE_LINE in data:
        return verify_head(data, trust)
    if not data.startswith(_TAG_SIGN1):
        raise Uncheckable(
            "not a kind of file that can be verified: no statement, signed standing, acknowledgement or checkpoint"
        )
    protected, unprotected, _, _ = split(data)
    header = decode(protected)
    typ = header.get(headers.TYP) if isinstance(header, dict) else None
    if typ == headers.STANDING:
        return verify_signed_standing(data, trust, int(time.time()))
    if typ == headers.ACKNOWLEDGEMENT:
        statement = beside(path, STATEMENT)
        return verify_signed_acknowledgement(data, trust, None if statement is None else statement.read_bytes())
    if typ == headers.RECEIPT:
        raise Uncheckable("a receipt is checked with its statement: name that one")
    if unprotected == b"\xa0":
        receipt = beside(path, RECEIPT)
        if receipt is None:
            raise Uncheckable("没有收据 / a statement without a receipt: nothing shows that it is in a log")
        data = attach(data, [receipt.read_bytes()])
    evidence, body = evidence_path or beside(path, EVIDENCE), body_path or beside(path, BODY)
    proofs = proof_paths or ((proof,) if (proof := beside(path, PROOF)) else ())
    return verify_entry(
        data,
        None if evidence is None else evidence.read_bytes(),
        trust,
        None if body is None else body.read_bytes(),
        [proof.read_bytes() for proof in proofs],
    )


def _say(outcome: FileResult) -> None:
    click.echo(f"{outcome.path}")
    for number, step in enumerate(outcome.steps, start=1):
        click.echo(f"  {number}. {step.zh}\n     {step.en}")
    click.echo(f"  {_VERDICTS[outcome.code]}" + (f": {outcome.why}" if outcome.why else ""))
    if outcome.not_shown:
        click.echo("  由此不能得知 / what this does not show:")
    for remark in outcome.not_shown:
        click.echo(f"   - {remark.zh}\n     {remark.en}")


def _document(outcome: FileResult) -> dict[str, object]:
    return {
        "file": str(outcome.path),
        "result": _WORDS[outcome.code],
        "steps": [{"zh": step.zh, "en": step.en} for step in outcome.steps],
        "not_shown": [{"zh": remark.zh, "en": remark.en} for remark in outcome.not_shown],
        "why": outcome.why,
    }
