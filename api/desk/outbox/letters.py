"""A notice as a letter, for a party that asked for no mail: one page of PDF that somebody prints and sends."""

from __future__ import annotations

from datetime import datetime
from importlib.resources import files

import msgspec

from api.certificates.typesetting import CharacterUnknown, pdf_of
from api.notices.notice_texts import called, text_of
from api.pages.rendering import Language
from api.service.service import SHANGHAI, Service
from ledger.errors import Refused
from ledger.store.desk_outbox import OutboxRow

__all__ = ["letter_pdf"]


def letter_pdf(service: Service, row: OutboxRow, language: Language) -> bytes:
    """The letter: PDF/A-2b, the same bytes for the same row. Raises `Refused` for a character that no font has."""
    said, party = text_of(service, row, language), row.receiver.removeprefix("party:")
    made = datetime.fromtimestamp(row.made_at, SHANGHAI)
    letter = {
        "language": "zh" if language == "zh" else "en",
        "to": called(service, party, language),
        "title": said.title,
        "text": said.text,
        "from": {"zh": "质量诚信账本", "en": "Credit Ledger"}[language],
        "origin": service.origin,
        "date": [made.year, made.month, made.day],
        "number": row.id.hex()[:8],
        "demo": service.demo,
    }
    source = files("api.desk.outbox").joinpath("letter.typ").read_bytes()
    inputs = {"letter": msgspec.json.encode(letter).decode()}
    try:
        return pdf_of(source, inputs, "a-2b", row.made_at)
    except CharacterUnknown as error:
        raise Refused(
            "notice.character_unknown",
            "信函含有现有字体都没有的字符，不能打印",
            "the letter holds a character that none of its fonts has",
            str(error),
        ) from error
