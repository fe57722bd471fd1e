"""The standards that a demonstration's enterprises declare, with their annexes, and the marks that it licenses."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from hashlib import sha256
from typing import Final, NamedTuple

from api.demo.sample_roster import SampleEnterprise
from api.demo.voice import Voice
from ledger.domain.events.base import Annex
from ledger.domain.events.declaration import Indicator, Product, StandardDeclared
from ledger.domain.events.mark import MarkLicensed, MarkSeed
from ledger.mark_serials.serial_tree import serials_root

__all__ = ["declare", "license_marks"]

_SERIALS: Final = 200


class _Standard(NamedTuple):
    number: str
    product: Product
    executed: tuple[str, ...]
    indicators: tuple[Indicator, ...]


_STANDARDS: Final = (
    _Standard(
        "Q/YSBW 001-2025",
        Product(name="演示保温杯", model="YS-500", product_class="日用杂品", brand="演示"),
        ("GB 4806.7-2023",),
        (
            Indicator(name="保温效能", value="≥ 68", unit="℃", method="GB/T 29606-2013"),
            Indicator(name="高锰酸钾消耗量", value="≤ 5", unit="mg/kg", method="GB 31604.2-2016"),
        ),
    ),
    _Standard(
        "Q/YSDQ 012-2024",
        Product(name="演示电热水壶", model="YK-17", product_class="小家电", brand="演示"),
        ("GB 4706.19-2008",),
        (Indicator(name="热效率", value="≥ 88", unit="%", method="GB/T 22089-2008"),),
    ),
    _Standard(
        "Q/YSFS 003-2025",
        Product(name="演示针织童装", product_class="服装", brand="演示"),
        ("GB 31701-2015",),
        (Indicator(name="耐水色牢度", value="≥ 4", unit="级", method="GB/T 5713-2013"),),
    ),
)


def declare(voice: Voice, one: SampleEnterprise, number: int) -> None:
    """The enterprise declares a standard of its own, with a table of its indicators as annex."""
    standard = _STANDARDS[number]
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(("指标", "要求", "单位", "试验方法"))
    writer.writerows((each.name, each.value, each.unit, each.method) for each in standard.indicators)
    content = table.getvalue().encode("utf-8")
    digest = voice.client.put_annex(content)
    declared = StandardDeclared(
        v=1,
        effective_on=voice.today - timedelta(days=20),
        number=standard.number,
        title=standard.product.name,
        kind="enterprise",
        executed=standard.executed,
        products=(standard.product,),
        indicators=standard.indicators,
        annex=Annex(sha256=digest.hex(), bytes=len(content), media_type="text/csv"),
    )
    voice.says("self", one.code, declared)


def license_marks(voice: Voice, one: SampleEnterprise, number: int, code: str, until: date) -> None:
    """The organizer licenses the enterprise's pledge the mark, with 200 serials that follow from a secret seed."""
    secret = sha256(f"demonstration seed {one.code}".encode()).digest()
    range_ = sha256(f"demonstration range {one.code}".encode()).hexdigest()[:10]
    licensed = MarkLicensed(
        v=1,
        effective_on=voice.today,
        pledge=code,
        range=range_,
        count=_SERIALS,
        serials_root=serials_root(secret, range_, _SERIALS).hex(),
        seed=voice.text(lambda salt: MarkSeed(v=1, salt=salt, secret=secret.hex()), f"seed {one.code}"),
        products=(_STANDARDS[number].product,),
        valid_from=voice.today,
        valid_until=until,
    )
    voice.says("organizer", one.code, licensed)
