"""Three complaints of invented consumers in a demonstration, sent at `/complain` as anybody sends them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import httpx

from ledger.errors import Busy, Refuted, Unavailable

__all__ = ["complain"]

_COMPLAINTS: Final[Sequence[Mapping[str, str]]] = (
    {
        "product": "电热水壶",
        "text": "（演示）买来第三天就不加热，客服让我自己寄回，运费也不肯承担。",
        "wanted": "换一台，运费由商家承担",
        "name": "演示消费者甲",
        "telephone": "010-00000001",
    },
    {
        "product": "电水壶（即热式）",
        "text": "（演示）壶嘴漏水，烫到了手，电话打了五次没有人接。",
        "wanted": "退货退款",
        "name": "演示消费者乙",
        "email": "consumer-b@demo.example",
    },
    {
        "product": "儿童书桌",
        "text": "（演示）宣传页写的是实木，送来的是贴皮的板材，要求退货被拒绝。",
        "wanted": "退一赔三",
        "name": "演示消费者丙",
        "telephone": "010-00000003",
    },
)
_BUSY: Final = (429, 503)


def complain(url: str, enterprises: Sequence[str], sent: Path) -> None:
    """Send what was not sent yet, the first two about the same of these enterprises (names); `sent` has how many were.

    Raises `Busy`, `Unavailable`, `Refuted` for what the page does not take.
    """
    done = int(sent.read_text("ascii")) if sent.exists() else 0
    try:
        with httpx.Client(base_url=url, timeout=60, headers={"Origin": url}) as client:
            for place in range(done, len(_COMPLAINTS)):
                form = {"enterprise": enterprises[max(place - 1, 0)], **_COMPLAINTS[place]}
                answer = client.post("/complain", data=form)
                if answer.status_code in _BUSY:
                    raise Busy("the desk for complaints", retry_after_seconds=5)
                if answer.status_code != 201:
                    raise Refuted(f"a sample complaint was answered with {answer.status_code}")
                sent.write_text(str(place + 1), "ascii")
    except httpx.HTTPError as error:
        raise Unavailable(f"the service does not answer: {error}") from error
