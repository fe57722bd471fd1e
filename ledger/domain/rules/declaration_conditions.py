"""What a version of a self-declared standard must hold by itself."""

from __future__ import annotations

from stdnum import ean

from ledger.domain.events.declaration import StandardDeclared, StandardRevised
from ledger.domain.values.standard_number import check_number, is_enterprise_number, number_key
from ledger.errors import Refused

__all__ = ["check_content"]


def check_content(event: StandardDeclared | StandardRevised) -> None:
    """Raises `Refused` for what no version may say, whatever was said before."""
    for number in (event.number, *event.executed):
        check_number(number)
    own = is_enterprise_number(event.number)
    if own != (event.kind == "enterprise"):
        raise Refused(
            "standard.kind",
            "企业标准编号以 Q/ 开头；执行现有标准的，填写该标准的编号",
            "an enterprise's own standard has a number that begins with Q/, an existing one has its own number",
            event.number,
        )
    keys = [number_key(number) for number in event.executed]
    if len(set(keys)) != len(keys) or number_key(event.number) in keys:
        raise Refused(
            "standard.executed_twice",
            "执行的标准重复，或与本标准编号相同",
            "the standards executed are named once each, and this one is not among them",
        )
    if event.annex is None and not event.products:
        raise Refused(
            "standard.products_missing",
            "须写明产品或服务，或以附件公开",
            "a declaration names its products or services, or has an annex that does",
        )
    if event.annex is None and own and not event.indicators:
        raise Refused(
            "standard.indicators_missing",
            "企业标准须公开指标，或以附件公开",
            "an enterprise's own standard names its indicators, or has an annex that does",
        )
    if event.published_on is not None and event.published_on > event.effective_on:
        raise Refused(
            "standard.not_published_yet",
            "标准的发布日期晚于公开日期",
            "the standard would be published after its declaration",
            str(event.published_on),
        )
    if (
        event.published_on is not None
        and event.implemented_on is not None
        and event.implemented_on < event.published_on
    ):
        raise Refused(
            "standard.implemented_before_published",
            "实施日期早于发布日期",
            "the standard would be implemented before it was published",
            str(event.implemented_on),
        )
    for product in event.products:
        if product.barcode is not None and not ean.is_valid(product.barcode):
            raise Refused(
                "standard.barcode_check_digit",
                "商品条码校验位不符",
                "the barcode fails its check digit",
                product.barcode,
            )
