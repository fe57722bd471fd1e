"""Unknown query parameters are refused by name, whatever the route: a mistyped filter is no filter."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Receive, Scope, Send

from api.http.errors import InvalidRequest, problem_of, problem_response
from api.http.openapi import QueryNames

__all__ = ["KnownParameters"]

_VARIABLE: Final = re.compile(r"\{[a-z_]+\}")
_A_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z_.\[\]-]{0,39}")  # without digits: a number may be somebody's


class KnownParameters:
    """ASGI: by what `query_names` says of each path. What no route is for passes, to be refused as that."""

    def __init__(self, app: ASGIApp, names: QueryNames) -> None:
        self._app = app
        paths = sorted(names, key=lambda path: (path.count("{"), path))
        self._known = [(_pattern(path), names[path]) for path in paths]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["query_string"]:
            refused = self._refused(scope)
            if refused is not None:
                await problem_response(problem_of(refused))(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _refused(self, scope: Scope) -> InvalidRequest | None:
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        for pattern, named in self._known:
            if pattern.fullmatch(scope["path"]):
                known = named.get(method)
                return None if known is None else _unknown(scope["query_string"], known)
        return None


def _unknown(query: bytes, known: frozenset[str]) -> InvalidRequest | None:
    for name, _ in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        if name not in known:
            shown = name if _A_NAME.fullmatch(name) else "…"
            takes = ", ".join(sorted(known)) or "-"
            return InvalidRequest(
                "request.unknown_parameter",
                f"没有名为 {shown} 的参数；可用：{takes}",
                f"there is no parameter {shown}; known here: {takes}",
            )
    return None


def _pattern(path: str) -> re.Pattern[str]:
    """`{path}` is the rest, as the framework has it; every other variable is one segment."""
    parts = _VARIABLE.split(path)
    variables = _VARIABLE.findall(path)
    pattern = re.escape(parts[0])
    for variable, part in zip(variables, parts[1:], strict=True):
        pattern += ("(?s:.*)" if variable == "{path}" else "[^/]*") + re.escape(part)
    return re.compile(pattern)
