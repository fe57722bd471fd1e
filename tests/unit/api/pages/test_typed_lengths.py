"""What is typed too long is said at its field; a browser that obeys `maxlength` cuts off what is pasted, unsaid."""

from __future__ import annotations

import re
from pathlib import Path

TEMPLATES = Path(__file__).parents[4] / "api" / "pages" / "templates"
#: What is looked for or compared, and registered or kept by nobody.
LOOKED_FOR = {"q", "address", "number", "secret", "digest"}


def test_no_form_cuts_off_what_is_kept() -> None:
    cut = {
        (path.relative_to(TEMPLATES).as_posix(), name)
        for path in TEMPLATES.rglob("*.html")
        for field in re.findall(r"<(?:input|textarea)\b[^>]*\bmaxlength=[^>]*", path.read_text(encoding="utf-8"))
        for name in re.findall(r'\bname="([^"]*)"', field) or ["?"]
        if name not in LOOKED_FOR
    }
    assert sorted(cut) == []
    assert any(TEMPLATES.rglob("*.html"))
