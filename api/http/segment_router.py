"""Routing: the route of an address, found by its first segments before any route's pattern is tried."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

__all__ = ["SegmentRouter"]

_SEGMENTS_MAX: Final = 3  # told apart by: `/en/desk/complaints`

Segments = tuple[str, ...]


class SegmentRouter(APIRouter):
    """Hands a request to the first of its routes that fits, as Starlette's router does.

    Of 250 routes an address is tried against the few whose path begins as it does. The framework's own way
    (`include_router`) builds each route a second time, and matches it twice.
    """

    def __init__(self, routes: Sequence[BaseRoute], require: Callable[[Scope], None]) -> None:
        """`require` raises for what no endpoint of the framework is to be called with; whether an address is there at
        all, and for which methods, is said before."""
        super().__init__(routes=list(routes), redirect_slashes=False)
        self._require = require
        self._fitting = _by_beginning(self.routes)

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await super().app(scope, receive, send)
            return
        scope.setdefault("router", self)
        for_other_methods: tuple[BaseRoute, Scope] | None = None
        for route in self.fitting(scope["path"]):
            match, found = route.matches(scope)
            if match is Match.FULL:
                if isinstance(route, APIRoute):
                    self._require(scope)
                scope.update(found)
                await route.handle(scope, receive, send)
                return
            if match is Match.PARTIAL and for_other_methods is None:
                for_other_methods = route, found
        if for_other_methods is None:
            await self.default(scope, receive, send)
            return
        route, found = for_other_methods
        scope.update(found)
        await route.handle(scope, receive, send)

    def fitting(self, path: str) -> Sequence[BaseRoute]:
        """Those of the routes that may be for `path`, in their order: all others are not."""
        # A pattern's `$` also stands before a line feed that is the last character.
        segments = tuple(path.removesuffix("\n").split("/", _SEGMENTS_MAX + 1)[1 : _SEGMENTS_MAX + 1])
        for count in range(len(segments), 0, -1):
            found = self._fitting.get(segments[:count])
            if found is not None:
                return found
        return self._fitting[()]


def _by_beginning(routes: Iterable[BaseRoute]) -> dict[Segments, list[BaseRoute]]:
    """For each beginning that paths have in common, all routes for addresses that begin so and no longer one."""
    beginnings = [(_beginning(route), route) for route in routes]
    return {
        common: [route for own, route in beginnings if own == common[: len(own)]]
        for common in {(), *(own for own, _ in beginnings)}
    }


def _beginning(route: BaseRoute) -> Segments:
    """The segments of a route's path before its first variable, at most `_SEGMENTS_MAX`; none for what has no path."""
    path: str = getattr(route, "path", "")
    segments = path.split("/")[1 : _SEGMENTS_MAX + 1]
    fixed = next((at for at, segment in enumerate(segments) if "{" in segment), len(segments))
    return tuple(segments[:fixed])
