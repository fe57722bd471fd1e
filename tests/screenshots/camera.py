"""Takes a page's picture at both widths, and says what no page of ours should show."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from playwright.sync_api import Page

__all__ = ["WIDTHS", "Camera", "blunders_in"]

WIDTHS: Final = (1280, 375)
#: What people read: neither what is hidden, nor what stands as code.
_READ: Final = """() => {
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const place = node.parentElement;
    if (place.closest("code, pre, script, style, noscript, textarea, template, .num")) continue;
    if (place.checkVisibility() && node.textContent.trim() !== "") found.push(node.textContent.trim());
  }
  return found;
}"""
_BLUNDERS: Final = {
    "a programmer's value": re.compile(r"\bWord\(|\bNone\b|\bundefined\b|\bNaN\b|\[object |\bnull\b|Traceback"),
    "JSON": re.compile(r"""[{\[]\s*["'][a-z_]+["']\s*[:,]"""),
    "a machine's time": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d"),
    "a name of the program": re.compile(r"\b[a-z]+(?:_[a-z]+)+\b|\b[a-z]+(?:_[a-z]+)*\.[a-z]+_[a-z_]+\b"),
    "a class": re.compile(r"\b[A-Z][a-z]+(?:[A-Z][a-z]+)+\b"),
}
_CHINESE: Final = re.compile("[\u4e00-\u9fff]")
_UNTRANSLATED: Final = re.compile(r"\b[a-z]{2,} [a-z]{2,} [a-z]{2,}\b")


def blunders_in(texts: Sequence[str], language: str) -> list[str]:
    """What of these texts of a page is for no reader; in Chinese pages English sentences, too."""
    found = [f"{kind}: {text[:120]}" for text in texts for kind, form in _BLUNDERS.items() if form.search(text)]
    if language.startswith("zh"):
        alone = (text for text in texts if not _CHINESE.search(text))
        found += [f"not translated: {text[:120]}" for text in alone if _UNTRANSLATED.search(text)]
    return found


@dataclass
class Camera:
    """Lays pictures in a folder, numbered in the order in which they are taken; `said` is what it found on them."""

    folder: Path
    taken: int = 0
    said: list[str] = field(default_factory=list)

    def take(self, page: Page, name: str) -> None:
        """The page as it is now."""
        self.taken += 1
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            wide = page.evaluate("document.documentElement.scrollWidth")
            if wide > width:
                self._say(name, f"wider than the screen, {wide} px of {width}")
            page.screenshot(path=self.folder / f"{self.taken:03}-{name}-{width}.png", full_page=True)
        page.set_viewport_size({"width": WIDTHS[0], "height": 900})
        for one in blunders_in(page.evaluate(_READ), page.evaluate("document.documentElement.lang")):
            self._say(name, one)

    def _say(self, name: str, what: str) -> None:
        print(f"{self.taken:03} {name}: {what}", flush=True)
        self.said.append(f"{name}: {what}")
