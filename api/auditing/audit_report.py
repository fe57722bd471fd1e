"""The report of an audit: JSON for programs, one static HTML page for people."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from html import escape
from typing import Final

import msgspec

from ledger.audit import AuditFinding, AuditResult
from ledger.audit.findings import NOTICES, PROMISES

__all__ = ["as_html", "as_json"]

_SHANGHAI: Final = timezone(timedelta(hours=8))
_STYLE: Final = (
    "body{font:16px/1.6 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a}"
    "table{border-collapse:collapse;width:100%}td,th{border:1px solid #bbb;padding:.35rem .6rem;text-align:left;"
    "vertical-align:top;overflow-wrap:anywhere}th{background:#f2f2f2}.en{color:#555}.bad{background:#fde8e8;"
    "padding:.6rem 1rem}.good{background:#e6f4ea;padding:.6rem 1rem}code{font-size:.85em;white-space:nowrap}"
)


def as_json(outcome: AuditResult, source: str, began_at: int, trusted: bool) -> bytes:
    """Everything, with `result`: clean, findings, or not completed."""
    document = {
        "result": ("clean", "findings", "not completed")[outcome.exit_code],
        "source": source,
        "began_at": began_at,
        "trust_given": trusted,
        **msgspec.to_builtins(outcome),
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def as_html(outcome: AuditResult, source: str, began_at: int, trusted: bool) -> bytes:
    """One file: no script, nothing from elsewhere."""
    when = datetime.fromtimestamp(began_at, _SHANGHAI).strftime("%Y-%m-%d %H:%M:%S +08:00")
    found, verdict = sum(outcome.counts.values()), ""
    if outcome.clean:
        verdict = '<p class="good"><strong>未发现问题</strong> <span class="en">Nothing was found broken.</span></p>'
    else:
        said = f"发现 {found} 处问题</strong> <span class='en'>{found} broken promises were found.</span>"
        verdict = f'<p class="bad"><strong>{said}</p>' if found else ""
    if not outcome.complete:
        missed = outcome.notice_counts["not_reached"]
        verdict += (
            f"<p class='bad'><strong>未能完成：{missed} 处未能取得</strong> <span class='en'>It could not be "
            f"completed: {missed} things could not be reached. They are nobody's broken promise.</span></p>"
        )
    if not trusted:
        verdict += (
            "<p class='bad'>未提供信任文件：只能说明该账本自洽，不能说明它就是您要的账本。 "
            "<span class='en'>No trust file was "
            "given: this shows that the log hangs together, not that it is the right one.</span></p>"
        )
    numbers = (
        ("日志", "log", outcome.origin),
        ("来源", "source", source),
        ("时间", "time", f"{when}, {outcome.seconds:.1f} s"),
        ("记录数", "entries", f"{outcome.size:,}"),
        ("根", "root", outcome.root),
        ("检查点", "checkpoints", f"{outcome.checkpoints:,}"),
        ("核对签名", "signatures verified", f"{outcome.signatures:,}"),
        ("重新裁判的记录", "entries judged again", f"{outcome.judged:,}"),
        ("核对正文", "bodies checked", f"{outcome.bodies:,}"),
        ("唯一事实", "unique facts", f"{outcome.facts:,}"),
    )
    rows = "".join(
        f"<tr><th>{zh} <span class='en'>{en}</span></th><td>{escape(value)}</td></tr>" for zh, en, value in numbers
    )
    body = (
        f"<h1>审计报告 <span class='en'>Audit report</span></h1>{verdict}<table>{rows}</table>"
        + _section("问题", "Broken promises", outcome.findings, outcome.counts)
        + _section("说明", "To know", outcome.notices, outcome.notice_counts)
        + _promises()
    )
    head = f"<meta charset='utf-8'><title>审计报告 {escape(outcome.origin)}</title><style>{_STYLE}</style>"
    return f"<!doctype html><html lang='zh-CN'><head>{head}</head><body>{body}</body></html>\n".encode()


def _section(zh: str, en: str, findings: list[AuditFinding], counts: dict[str, int]) -> str:
    if not counts:
        return ""
    rows = "".join(
        f"<tr><td><code>{escape(one.code)}</code></td><td>{escape(one.place)}</td><td>{escape(one.zh)} "
        f"<span class='en'>{escape(one.en)}</span></td><td>{escape(one.detail)}</td></tr>"
        for one in findings
    )
    total, shown = sum(counts.values()), len(findings)
    left = "" if total == shown else f"<p>共 {total} 处，列出 {shown} 处 <span class='en'>{shown} of {total}</span></p>"
    return (
        f"<h2>{zh} <span class='en'>{en}</span></h2>{left}<table><tr><th>代码</th>"
        f"<th>位置 <span class='en'>where</span></th><th>{zh} <span class='en'>{en}</span></th>"
        f"<th>证据 <span class='en'>evidence</span></th></tr>{rows}</table>"
    )


def _promises() -> str:
    rows = "".join(
        f"<tr><td><code>{escape(code)}</code></td><td>{escape(one.zh)} "
        f"<span class='en'>{escape(one.en)}</span></td></tr>"
        for code, one in {**PROMISES, **NOTICES}.items()
    )
    return f"<h2>所核对的承诺 <span class='en'>What is checked</span></h2><table>{rows}</table>"
