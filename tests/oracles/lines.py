"""Calls to a program, one a line: mappings `call`, `given` go in; `answer`, or `refused` and `words`, come out.

Lines are JSON, in which bytes are `{"hex": "00ff"}` and mappings, whose keys may be numbers, `{"map": [[key, value]]}`.
Both ends use this module, which therefore needs nothing but Python.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["answer", "read", "write"]


def write(value: object) -> str:
    return json.dumps(_plain(value)) + "\n"


def read(line: str) -> Any:
    return _original(json.loads(line))


def answer(calls: Mapping[str, Callable[..., object]]) -> None:
    """Answer calls on standard input until it ends. What a call raises is a refusal: its class and its words."""
    for line in sys.stdin:
        said = read(line)
        try:
            reply = {"answer": calls[said["call"]](**said["given"])}
        except Exception as error:
            reply = {"refused": type(error).__name__, "words": str(error)}
        sys.stdout.write(write(reply))
        sys.stdout.flush()


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    if isinstance(value, Mapping):
        return {"map": [[_plain(key), _plain(one)] for key, one in value.items()]}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value


def _original(value: Any) -> Any:
    if isinstance(value, list):
        return [_original(one) for one in value]
    if isinstance(value, dict):
        if "hex" in value:
            return bytes.fromhex(value["hex"])
        return {_original(key): _original(one) for key, one in value["map"]}
    return value
