"""The readable index of an archive: one static HTML file, made from its members alone, so that it can be made again.

Chinese first, English second; no script, nothing fetched from elsewhere; prints on A4. Nothing in it is verified by
being in it: it says how to verify.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta, timezone
from importlib import resources
from typing import Any, Final, NamedTuple

import msgspec

from api.evidence.index_page_labels import EVENTS, left_out_words
from api.evidence.safe_html import both, fields, shown
from ledger.cose.receipt import detach, parse_receipt
from ledger.cose.statement import Statement, decode_event, parse_statement
from ledger.domain.events.base import Closed, Event
from ledger.domain.events.campaign import CampaignCorrected, CampaignOpened
from ledger.domain.events.enterprise import EnterpriseRegistered, EnterpriseRenamed
from ledger.domain.events.party import PartyEnrolled, TrustAnchorsEstablished
from ledger.errors import Malformed
from ledger.tlog.checkpoint import parse_checkpoint
from ledger.tlog.note import parse_note
from ledger.verifier.formats import archive
from ledger.verifier.formats.evidence import parse_evidence
from ledger.verifier.formats.manifest import CHECKPOINT, INDEX, MANIFEST, SIGNATURE, ArchiveManifest, LeftOut

__all__ = ["page_of"]

_SHANGHAI: Final = timezone(timedelta(hours=8))
_STYLE: Final = resources.files("api.evidence").joinpath("page.css").read_text(encoding="utf-8")


_RULES: Final[tuple[archive.Folder, ...]] = ("rules", "campaigns")


class _Entry(NamedTuple):
    at: int
    statement: Statement
    event: Event | Closed
    recorded_at: datetime


class _Reason(msgspec.Struct):
    entry: int
    closed: bool = False
    item: str = ""
    counted: int = 0


class _Standing(msgspec.Struct):
    level: str
    level_zh: str
    level_en: str
    sentence_zh: str
    sentence_en: str
    points: int
    reasons: list[_Reason]


def page_of(manifest: ArchiveManifest, members: Mapping[str, bytes]) -> bytes:
    """The page (UTF-8) of these members; what `manifest` says of files is not looked at. Raises `Malformed`."""
    entries = [_entry(members, "entries", index) for index in manifest.entries]
    parties = _names(members)
    title = f"证据档案 {manifest.subject} {manifest.period_from} – {manifest.period_until}"
    parts = [
        "<!DOCTYPE html>",
        f'<html lang="zh"><head><meta charset="utf-8"><title>{shown(title)[5:-6]}</title>',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f"<style>{_STYLE}</style></head><body>",
        *_head(manifest, members, entries),
        *_verifying(manifest, members),
        *_standings(manifest, members),
        *_entries(manifest, members, entries, parties),
        *_rules(members),
        *_left_out(manifest),
        *_files(members),
        "</body></html>\n",
    ]
    return "\n".join(parts).encode()


def _head(manifest: ArchiveManifest, members: Mapping[str, bytes], entries: list[_Entry]) -> Iterator[str]:
    head = parse_checkpoint(parse_note(members[CHECKPOINT]).text)
    names = [at.event.name for at in entries if isinstance(at.event, EnterpriseRegistered | EnterpriseRenamed)]
    yield f"<header><h1>{both('证据档案', 'Evidence archive')}</h1>"
    rows = [
        (
            "企业",
            "Enterprise",
            (f"<b>{shown(names[-1])}</b> " if names else "") + f"<code>{shown(manifest.subject)}</code>",
        ),
        ("登记期间", "Recorded from, until", f"{manifest.period_from} – {manifest.period_until}"),
        ("记录", "Entries", str(len(entries))),
        ("账本", "Log", f"<code>{shown(manifest.origin)}</code>"),
        ("检查点", "Checkpoint", f"{head.size}<br><code>{head.root.hex()}</code>"),
        ("公开范围截至", "Public as of", str(manifest.shown_on)),
    ]
    by = manifest.exported_by
    if by is None:
        rows.append(("导出方", "Exported by", f"<b>{both('未签名, 未载明', 'unsigned, not named')}</b>"))
    else:
        rows.append(("导出方", "Exported by", f"<code>{shown(by.party)}</code> <br><code>{by.kid}</code>"))
        rows.append(("目的", "Purpose", shown(by.purpose)))
    yield "<dl>" + "".join(f"<dt>{both(zh, en)}</dt><dd>{value}</dd>" for zh, en, value in rows) + "</dl></header>"


def _verifying(manifest: ArchiveManifest, members: Mapping[str, bytes]) -> Iterator[str]:
    yield f"<section><h2>{both('如何核验', 'How to verify')}</h2>"
    zh = "本页仅供阅读。请用向账本运营方以外的渠道核对过的信任文件离线核验整个档案; 本页与内容逐字比对。"
    en = "This page is for reading. Verify the whole archive offline, under a trust file that you compared out of band."
    yield f"<p>{both(zh, en)}</p><pre>credit-ledger verify ARCHIVE.zip --trust trust.json</pre>"
    zh, en = "也可解开后单独核验一条:", "Or, unpacked, one entry by itself:"
    if manifest.entries:
        first = manifest.entries[0]
        kid = _entry(members, "entries", first).statement.kid
        entry, evidence = archive.numbered("entries", first, archive.TRANSPARENT), archive.evidence_path(kid)
        yield f"<p>{both(zh, en)}</p>"
        yield f"<pre>credit-ledger verify {entry} \\\n  --evidence {evidence} \\\n  --trust trust.json</pre>"
    yield "</section>"


def _standings(manifest: ArchiveManifest, members: Mapping[str, bytes]) -> Iterator[str]:
    yield f"<section><h2>{both('践诺状况', 'Standing')}</h2>"
    for day in dict.fromkeys((manifest.period_from, manifest.period_until)):
        yield from _standing(day, members)
    yield "</section>"


def _standing(day: date, members: Mapping[str, bytes]) -> Iterator[str]:
    path = archive.standing_path(day, "json")
    try:
        said = msgspec.json.decode(members[path], type=_Standing)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, KeyError) as error:
        raise Malformed(f"{path} is not a standing: {error}") from None
    yield f"<article><h3>{day} · {both(shown(said.level_zh), shown(said.level_en))}</h3>"
    yield f"<p>{both(shown(said.sentence_zh), shown(said.sentence_en))}</p>"
    yield f"<p>{both('分值', 'Points')}: {_points(said.points)}</p>"
    if said.reasons:
        items = []
        for one in said.reasons:
            why = f"<code>{shown(one.item)}</code> {_points(one.counted)}"
            if one.closed:
                why = both("已不再公开", "no longer public")
            items.append(f"<li>{both(f'第 {one.entry} 条', f'entry {one.entry}')}: {why}</li>")
        yield f"<ul>{''.join(items)}</ul>"
    yield f'<p class="files"><a href="{path}">{path}</a></p></article>'


def _points(hundredths: int) -> str:
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def _entries(
    manifest: ArchiveManifest, members: Mapping[str, bytes], entries: list[_Entry], parties: Mapping[str, str]
) -> Iterator[str]:
    yield f"<section><h2>{both('期间内的记录', 'Entries of the period')}</h2>"
    if not entries:
        yield f"<p><b>{both('该期间没有登记任何记录。', 'Nothing was recorded in this period.')}</b></p>"
    left_out: dict[int, list[LeftOut]] = {}
    for one in manifest.left_out:
        if one.entry is not None:
            left_out.setdefault(one.entry, []).append(one)
    for at in entries:
        yield from _article(at, members, parties, left_out.get(at.at, []))
    yield "</section>"


def _article(
    at: _Entry, members: Mapping[str, bytes], parties: Mapping[str, str], left_out: list[LeftOut]
) -> Iterator[str]:
    statement, event = at.statement, at.event
    if isinstance(event, Closed):
        name = both("密封记录, 正文未收入", "Sealed, body not inside")
    else:
        kind = type(event).__name__
        name = both(EVENTS.get(kind, kind), kind)
    yield f'<article id="entry-{at.at}"><h3>{both(f"第 {at.at} 条", f"entry {at.at}")} · {name}</h3>'
    if not isinstance(event, Closed):
        yield fields(_builtins(event))
    ground = archive.numbered("entries", at.at, archive.BODY)
    if not statement.sealed and ground in members:
        yield fields({"ground": _text(members[ground])})
    for one in left_out:
        yield f'<p class="out">{both(*map(shown, left_out_words(one)))}</p>'
    issuer = parties.get(statement.issuer)
    signed = (f"{shown(issuer)} " if issuer else "") + f"<code>{shown(statement.issuer)}</code>"
    effective = "" if isinstance(event, Closed) else f" · {both('生效', 'effective')} {event.effective_on}"
    sealed = both("密封", "sealed") if statement.sealed else both("公开", "open")
    yield (
        f'<p class="by">{both("登记", "recorded")} {at.recorded_at:%Y-%m-%d %H:%M:%S} (UTC+8){effective} · {sealed}<br>'
        f"{both('签发', 'signed by')} {signed}<br>{both('密钥', 'key')} <code>{statement.kid.hex()}</code></p>"
    )
    own = [archive.numbered("entries", at.at, ending) for ending in (archive.TRANSPARENT, archive.BODY, archive.PROOF)]
    links = [*(path for path in own if path in members), archive.evidence_path(statement.kid), *_beside(event, members)]
    yield '<p class="files">' + " ".join(f'<a href="{path}">{path}</a>' for path in links) + "</p></article>"


def _beside(event: Event | Closed, members: Mapping[str, bytes]) -> list[str]:
    """Attachments and annexes of an entry, as far as they are inside."""
    named = [getattr(event, "attachment", None), getattr(getattr(event, "annex", None), "sha256", None)]
    found = []
    for one in named:
        if isinstance(one, str):
            found += sorted(path for path in members if path.startswith((f"attachments/{one}.", f"annexes/{one}")))
    return found


def _rules(members: Mapping[str, bytes]) -> Iterator[str]:
    yield f"<section><h2>{both('规则、日历和承诺活动', 'Policies, calendars, campaigns')}</h2><ul>"
    for folder in _RULES:
        for index in archive.numbers(members, folder, archive.TRANSPARENT):
            at = _entry(members, folder, index)
            kind = type(at.event).__name__
            about = ""
            if isinstance(at.event, CampaignOpened | CampaignCorrected):
                about = f" {shown(at.event.name_zh)} <code>{shown(at.statement.subject)}</code>"
            effective = at.event.effective_on if isinstance(at.event, Event) else ""
            path = archive.numbered(folder, index, archive.TRANSPARENT)
            yield (
                f"<li>{both(EVENTS.get(kind, kind), kind)}{about}, {effective} · "
                f'<a href="{path}">{both(f"第 {index} 条", f"entry {index}")}</a></li>'
            )
    yield "</ul></section>"


def _left_out(manifest: ArchiveManifest) -> Iterator[str]:
    yield f"<section><h2>{both('未收入档案的内容', 'What was left out')}</h2>"
    bodies = sum(one.what == "body" for one in manifest.left_out)
    yield f"<p>{both(f'未收入正文 {bodies} 条', f'{bodies} bodies were left out')}</p><ul>"
    for one in manifest.left_out:
        yield f"<li>{both(*map(shown, left_out_words(one)))}</li>"
    yield "</ul></section>"


def _files(members: Mapping[str, bytes]) -> Iterator[str]:
    yield f"<section><h2>{both('文件', 'Files')}</h2>"
    zh, en = "各文件的 SHA-256 见 manifest.json。", "manifest.json has the SHA-256 of each."
    yield f"<p>{both(zh, en)}</p><table><tbody>"
    for path in sorted(members):
        if path not in (INDEX, MANIFEST, SIGNATURE):
            yield f'<tr><td><a href="{path}">{path}</a></td><td>{len(members[path]):,}</td></tr>'
    yield "</tbody></table></section>"


def _entry(members: Mapping[str, bytes], folder: archive.Folder, index: int) -> _Entry:
    data, receipts = detach(members[archive.numbered(folder, index, archive.TRANSPARENT)])
    statement = parse_statement(data)
    event = decode_event(statement, members.get(archive.numbered("entries", index, archive.BODY)))
    return _Entry(index, statement, event, datetime.fromtimestamp(parse_receipt(receipts[0]).iat, _SHANGHAI))


def _names(members: Mapping[str, bytes]) -> dict[str, str]:
    """The names of parties, as the evidence inside gives them."""
    names: dict[str, str] = {}
    for path in sorted(members):
        if path.endswith(f".{archive.EVIDENCE}"):
            for transparent in parse_evidence(members[path]):
                statement = parse_statement(detach(transparent)[0])
                event = decode_event(statement)
                if isinstance(event, PartyEnrolled | TrustAnchorsEstablished):
                    names[statement.subject] = event.name_zh
    return names


def _builtins(event: Event) -> dict[str, Any]:
    content: dict[str, Any] = msgspec.to_builtins(event)
    return content


def _text(body: bytes) -> str:
    try:
        return str(msgspec.json.decode(body, type=dict[str, Any]).get("text", ""))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"not the text of a ground: {error}") from None
