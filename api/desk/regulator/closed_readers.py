"""Who may read at a desk what is not public; and why, in the words that are written down with the look."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request

from api.desk.frame import not_for_this_desk
from api.desk.roles import Officer
from api.desk.work_lists import log_look
from api.pages.words import Word
from api.service.service import Service
from ledger.domain.values.forbidden_characters import FORBIDDEN
from ledger.domain.values.personal_data import certain_in

__all__ = ["flaw_of_purpose", "require_reader"]

_PURPOSE_CHARS_MAX: Final = 512  # as of a signed request (`ledger/cose/access_token.py`)


def require_reader(
    service: Service, request: Request, officer: Officer, *, subject: str | None = None, entry: int | None = None
) -> None:
    """Raises `AccessDenied`, logged, for whoever may not read what is closed."""
    if not officer.sees_closed:
        log_look(request, officer, "refused", subject, entry=entry)
        raise not_for_this_desk()


def flaw_of_purpose(purpose: str) -> Word | None:
    """What is wrong with a purpose as it was typed; None: it can be written down. It is read by the enterprise, too."""
    if not purpose:
        return Word("请写明查阅事由", "say why you read it")
    if len(purpose) > _PURPOSE_CHARS_MAX:
        return Word(f"最多 {_PURPOSE_CHARS_MAX} 个字", f"{_PURPOSE_CHARS_MAX} characters at most")
    if FORBIDDEN.search(purpose):
        return Word("含有不可见的控制字符，请删除", "it holds a character that does not show: leave it out")
    if certain_in(purpose):
        return Word(
            "请勿写入电话、证件号码等个人信息：企业也会读到这句话",
            "leave out personal data such as telephone or identity numbers: the enterprise reads this, too",
        )
    return None
