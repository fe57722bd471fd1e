"""A draft of a party as lists and pages show it: in words, with times in Asia/Shanghai."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

from api.pages.words import Word, event_word
from api.service.service import SHANGHAI
from ledger.store.desk_releases import Draft

__all__ = ["PATH", "DraftRow", "moment", "row_of"]

PATH: Final = "/desk/releases"
_STATES: Final = {
    "draft": Word("草稿，待签发", "draft, to be released", "watch"),
    "left": Word("已签名，定时发布", "signed, left for its time", "pledged"),
    "releasing": Word("正在发布", "on its way to the book", "pledged"),
    "refused": Word("发布时未被接受", "refused at its time", "closed"),
    "released": Word("已发布", "released", "good"),
}


class DraftRow(NamedTuple):
    """A draft in words; times in Asia/Shanghai."""

    id: str
    act: Word
    subject: str
    drafter: str
    laid: datetime
    state: Word
    releaser: str | None
    release: datetime | None
    draft: Draft


def row_of(draft: Draft) -> DraftRow:
    return DraftRow(
        draft.id.hex(),
        event_word(draft.type),
        draft.subject,
        draft.drafter,
        datetime.fromtimestamp(draft.laid_at, SHANGHAI),
        _STATES[draft.state],
        draft.releaser,
        moment(draft.release_at),
        draft,
    )


def moment(at: int | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at, SHANGHAI)
