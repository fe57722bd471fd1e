"""Setting type with Typst, the same way for certificates and letters: the fonts, and what no font has.

The fonts come with the packages that the lock names, never from the machine. Typst keeps threads: a process that has
set something must not fork any more (threads, or `spawn`).
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal, TypeVar

import typst

__all__ = ["CharacterUnknown", "fonts", "pdf_of"]

Template = TypeVar("Template", bytes, Path)


class CharacterUnknown(Exception):
    """A character that none of the fonts has: nothing is set with a hole in it. What it is is said in English."""


def pdf_of(
    source: Template,
    inputs: dict[str, str],
    standard: Literal["a-2b", "a-3b"],
    made_at: int,
    *,
    root: Path | None = None,
) -> bytes:
    """The PDF/A of a template, of the moment `made_at` (Unix seconds): the same input gives the same bytes.

    `root`: the folder of a template that is a file, and of what it reads. Raises `CharacterUnknown`.
    """
    try:
        compiler = typst.Compiler(source, root=root, font_paths=fonts(), sys_inputs=inputs)
        pdf = compiler.compile(format="pdf", pdf_standards=standard, timestamp=made_at)
    except typst.TypstError as error:
        if "could not be displayed" not in str(error):
            raise
        raise CharacterUnknown(str(error)[:200]) from error
    assert isinstance(pdf, bytes)  # a single file was asked for
    return pdf


@cache
def fonts() -> typst.Fonts:
    """Noto Serif SC and Noto Sans SC, and Noto Sans CJK SC for what those lack (44,810 characters)."""
    folders = [str(files(package)) for package in ("pylopdf_fonts_zh_cn", "noto_cjk_sans_otc")]
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)
