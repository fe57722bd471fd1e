"""Commands of documents: the fenced blocks of a page as one script, in order.

`sh`: run; each command must succeed. `sh exit=N says=WORD`: one command, which ends with N and says WORD. `sh not-run:
WHY`: shown, and run by no test. `python`: a program. `text` and `json` are no commands.
"""

from __future__ import annotations

import re
from textwrap import dedent
from typing import Final, NamedTuple

__all__ = ["Block", "blocks", "script"]

_FENCE: Final = re.compile(r"^( *)```([^\n]*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)  # in lists, too
_EXIT: Final = re.compile(r"sh exit=([1-9][0-9]*) says=([A-Za-z0-9_.:]+)")
_NOT_RUN: Final = re.compile(r"(?:sh|python) not-run: (.*)")
_NO_COMMANDS: Final = ("text", "json")


class Block(NamedTuple):
    """A fenced block; `not_run`: why no test runs it, empty where one does."""

    kind: str
    text: str
    not_run: str


def blocks(page: str) -> list[Block]:
    """All fenced blocks of a page that hold commands."""
    found = []
    for _, kind, text in _FENCE.findall(page):
        if kind not in _NO_COMMANDS:
            shown = _NOT_RUN.fullmatch(kind)
            found.append(Block(kind, dedent(text), "" if shown is None else shown[1]))
    return found


def script(page: str) -> str:
    """What is run of a page, as one script for bash; it ends at the first command that does not do as it should."""
    lines = ["set -eux -o pipefail"]
    for kind, text, not_run in blocks(page):
        due = _EXIT.fullmatch(kind)
        if not_run:
            continue
        if kind == "python":
            lines.append(f"python3 - <<'END_OF_PROGRAM'\n{text}END_OF_PROGRAM")
        elif due is not None:
            assert text.count("\n") == 1, f"one command for one exit code: {text}"
            lines.append(f"got=0; {text.strip()} > said.txt 2>&1 || got=$?\ncat said.txt")
            lines.append(f'test "$got" -eq {due[1]}\ngrep -qF {due[2]} said.txt')
        else:
            assert kind == "sh", f"a block that no test runs: {kind!r}"
            lines.append(text)
    return "\n".join(lines)
