"""Every public page in every state that it can be in.

A service of its own gets what takes a state of its own (a long name, rare characters, 10,000 outcomes, what is closed,
revoked, listed), and `tools/screenshots` looks at it all. `tools/screenshots` by itself looks at any running service.
"""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from ledger.domain.events.enterprise import EnterpriseRenamed
from ledger.domain.events.pledge import PledgeRevoked
from ledger.domain.events.repudiation import BodyErased
from ledger.domain.values.mark_serials import make
from tests.e2e.book import Book, open_book, today
from tests.screenshots.gallery import LONG, RARE
from tests.support.charter import DATA_OFFICER, HANDLING_BODY
from tests.support.findings import cited
from tests.support.listings import listed
from tests.support.marks import mark_licensed, range_of, seed_body, seed_of
from tests.support.standards import NUMBER, declared
from tests.support.statements import outcome, replied
from tests.support.waiting import eventually

__all__ = ["take_public"]

ROOT: Final = Path(__file__).resolve().parents[2]
OUTCOMES: Final = 10_000
OUTCOMES_A_BATCH: Final = 1_000
COUNTING_EVERY: Final = 250  # of the outcomes: each that counts is weighed again at every entry about the enterprise
#: One enterprise for each state, by its code.
PLAIN, LONG_NAMED, RARE_NAMED, MANY, CLOSED, REVOKED, LISTED = (
    f"uscc:{code}"
    for code in (
        "91350100M0001TGQX1",
        "91110000600037341L",
        "91310115MA9XH2MPG1",
        "91110105MALA8C6K12",
        "91210202MA2966T00G",
        "91320506MAD79MHG41",
        "91330106MAGDA6R8UA",
    )
)
UNKNOWN: Final = "91210202MAGR175KRT"


def lay_states(book: Book) -> list[str]:
    """Register what has a state of its own; the addresses of all pages to be looked at."""
    day = today()
    book.campaign()
    codes = {}
    for serial, (subject, name) in enumerate(
        (
            (PLAIN, "北京清泉净水设备有限公司"),
            (LONG_NAMED, LONG),
            (RARE_NAMED, "北京某某厂"),
            (MANY, "万件投诉电器有限公司"),
            (CLOSED, "记录已关闭食品有限公司"),
            (REVOKED, "承诺被撤销建材有限公司"),
            (LISTED, "列入名单化工有限公司"),
        ),
        1,
    ):
        book.enterprise(subject, name=name)
        codes[subject] = book.pledge(subject, serial=serial)[2]
    book.register(EnterpriseRenamed(v=1, effective_on=day, name=RARE, evidence="登记通知书"), RARE_NAMED)
    owner = book.own_key(PLAIN)
    answered = book.register(_outcome(1, outcome="ended_without_agreement"), PLAIN, HANDLING_BODY)
    book.register(replied(answered, effective_on=day), PLAIN, owner)
    standard = book.register(declared(effective_on=day, number=NUMBER), PLAIN, owner)
    window = {"effective_on": day, "window_from": day, "window_until": day + timedelta(days=30)}
    book.register(listed(**window), PLAIN)
    _license(book, codes[PLAIN])
    serial = make(seed_of(1), range_of(1), 3)
    gone = book.register(_outcome(2, outcome="withdrawn"), CLOSED, HANDLING_BODY)
    book.register(BodyErased(v=1, effective_on=day, entry=gone, ground="依申请"), CLOSED, DATA_OFFICER)
    revoked = PledgeRevoked(v=1, effective_on=day, code=codes[REVOKED], ends_on=day, ground="fraud")
    book.register(revoked, REVOKED)
    dates = {"effective_on": day, "decided_on": day, "checked_on": day, "recheck_by": day + timedelta(days=90)}
    book.register(cited(**dates, publicity_end=day + timedelta(days=1000)), LISTED)
    for start in range(0, OUTCOMES, OUTCOMES_A_BATCH):
        numbers = range(100 + start, 100 + start + OUTCOMES_A_BATCH)
        said = [_outcome(one, outcome="withdrawn") if one % COUNTING_EVERY else _outcome(one) for one in numbers]
        results = book.batch([book.sign(event, MANY, HANDLING_BODY) for event in said])
        assert all(one["status"] == "registered" for one in results), results[0]
        _projected(book, book.size())
    paths = ["/", "/search?q=没有这家", "/search?q=有限公司", "/c/2026", "/s", f"/s?q={NUMBER}", "/verify", "/how"]
    paths += ["/help", "/data", "/figures", "/p/0", "/e/x", f"/e/{UNKNOWN}", "/m/0", "/nowhere"]
    paths += [f"/s/{PLAIN[5:]}/{standard}", f"/m/{serial}", f"/m/{serial}?produced_on={day - timedelta(days=400)}"]
    paths += [f"/e/{subject[5:]}" for subject in codes]
    paths += [f"/p/{codes[subject]}" for subject in (PLAIN, LONG_NAMED, REVOKED)]
    return [*paths, *(f"/en{path}".rstrip("/") for path in paths)]


def _projected(book: Book, size: int) -> None:
    eventually(lambda: book.http.get("/readyz").json().get("projected_size", 0) >= size, "all of it is projected")


def _outcome(number: int, **given: Any) -> Any:
    """Of a complaint that was closed last month, without a reply."""
    day = today()
    month = f"{day.replace(day=1) - timedelta(days=1):%Y-%m}"
    months = dict.fromkeys(("received", "accepted", "forwarded", "reply_due", "closed"), month)
    defaults = {"outcome": "refused", "reason": "无", "reply": "none", "replied": None}
    return outcome(
        number,
        case=f"{number:032x}",
        effective_on=day,
        notified_on=day - timedelta(days=21),
        **months,
        **defaults | given,
    )


def _license(book: Book, code: str) -> None:
    day = today()
    event = mark_licensed(1, 10, pledge=code, effective_on=day, valid_from=day, valid_until=day + timedelta(days=300))
    statement, _ = book.sign(event, PLAIN)
    (result,) = book.batch([(statement, seed_body(1))])
    assert result["status"] == "registered", result


def take_public(folder: Path) -> None:
    """Every public page in every state, wide, narrow and printed, of a service of its own."""
    with TemporaryDirectory(prefix="screenshots-") as data, open_book(Path(data)) as book:
        paths = lay_states(book)
        command = [sys.executable, str(ROOT / "tools/screenshots"), book.service.url, str(folder), *paths]
        subprocess.run(command, check=True)
