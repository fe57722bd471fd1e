"""The charter of a demonstration, which says in every name that it is one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from msgspec.structs import replace

from ledger.charter.charter import CharterParty, CharterRoot, CharterRules, FoundedLog, LogAnchors, make_charter
from ledger.charter.default_policies import calendar_2026, default_registration_policy, default_standing_policy
from ledger.domain.events.party import Role
from ledger.domain.events.policy import WorkCalendarPublished
from ledger.domain.values.dates import shanghai_date
from ledger.keys.log_keys import LogKeys
from ledger.keys.signer import Signer

__all__ = ["demo_charter"]

_DEMO_PARTIES: Final[Mapping[str, tuple[tuple[Role, ...], str]]] = {
    "registrar": (("registrar",), "登记员"),
    "organizer": (("organizer",), "组织方"),
    "approver": (("approver",), "规则批准方"),
    "regulator": (("regulator",), "监管部门"),
    "handling-body": (("handling_body",), "投诉承办单位"),
    "data-officer": (("data_officer",), "数据保护负责人"),
    "laboratory": (("laboratory",), "检验检测机构"),
    "log-operator": (("log_operator",), "账本运营方"),
}
# What one officer recorded is assessed, repaired and annulled by another: these parties have two.
_DEMO_SECOND_OFFICERS: Final = ("organizer", "regulator", "handling-body")


def demo_charter(keys: LogKeys, signers: Mapping[str, Signer], now: int, since: int) -> list[bytes]:
    """A charter with the default policies, in force from the year `since` on, for a demonstration.

    `signers` by name: `root`, every party of it (`registrar`, `organizer`, `approver`, `regulator`, `handling-body`,
    `data-officer`, …) and three second officers (`organizer-2`, `regulator-2`, `handling-body-2`). Everything says
    演示, and so do the work calendars, from the year before `since` to the year after next.
    """
    first_day = date(since, 1, 1)
    parties = [
        CharterParty(f"party:{slug}", roles, f"演示{zh}", f"Demo {slug.replace('-', ' ')}", f"{slug}-1", signers[slug])
        for slug, (roles, zh) in _DEMO_PARTIES.items()
    ]
    parties += [
        replace(one, officer=f"{slug}-2", signer=signers[f"{slug}-2"])
        for slug in _DEMO_SECOND_OFFICERS
        for one in parties
        if one.party == f"party:{slug}"
    ]
    return make_charter(
        CharterRoot(signers["root"], "root-1"),
        FoundedLog(LogAnchors.of(keys), "演示信用账本", "Demo credit ledger", demo=True),
        parties,
        CharterRules(
            default_registration_policy(first_day),
            replace(default_standing_policy(), title_zh="演示规则", title_en="Demo policy"),
            [_demo_calendar(year, first_day) for year in range(since - 1, shanghai_date(now).year + 3)],
            first_day,
        ),
        now,
    )


def _demo_calendar(year: int, effective_on: date) -> WorkCalendarPublished:
    """Working days of a year as nobody published them: every weekday. Where the real ones are known, these."""
    if year == 2026:
        return calendar_2026()
    return WorkCalendarPublished(
        v=1,
        effective_on=effective_on,
        legal_basis="演示日历：只有周末休息，并非国务院公布 · made up for a demonstration: weekends only",
        year=year,
        holidays=(),
        workdays=(),
    )
