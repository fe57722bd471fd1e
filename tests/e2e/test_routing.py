"""An address finds, of all routes, those that it would find if each were tried; none reaches an endpoint with a NUL."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Route

from api.app import ROUTES
from api.http.bodies import require_no_nul
from api.http.segment_router import SegmentRouter

VARIABLE = re.compile(r"\{[a-z_]+(:path)?\}")


def addresses(path: str) -> Iterator[str]:
    """Addresses of a route's path, and what is near to them."""
    for value in ("1", "a~b", "entries", "{name}", "a\nb"):
        own = VARIABLE.sub(lambda found, value=value: f"{value}/x/007" if found[1] else value, path)  # type: ignore[misc]
        yield from (own, own + "\n")
    segments = own.split("/")
    yield from (own + "/", own + "/more", own + "\n\n", own + ".csv", own.upper(), "/" + own, own.replace("/", "//"))
    yield from ("/".join(segments[:-1]), "/en" + own, own.removeprefix("/en"), own[1:])
    for at in range(1, len(segments)):
        for other in ("", "x", segments[at] + "\0"):
            yield "/".join((*segments[:at], other, *segments[at + 1 :]))


def fitting(routes: Iterable[BaseRoute], path: str) -> list[BaseRoute]:
    return [route for route in routes if isinstance(route, Route) and route.path_regex.match(path)]


def test_every_address_finds_the_routes_that_it_fits_in_their_order() -> None:
    router = SegmentRouter(ROUTES, require_no_nul)
    known = {one for route in ROUTES if isinstance(route, Route) for one in addresses(route.path)}
    assert len(known) > 10 * len(ROUTES)
    found = 0
    for path in known:
        expected = fitting(router.routes, path)
        found += bool(expected)
        assert fitting(router.fitting(path), path) == expected, path
    assert len(known) > found > len(ROUTES)


def test_an_address_is_tried_against_few_routes() -> None:
    router = SegmentRouter(ROUTES, require_no_nul)
    assert max(len(router.fitting(route.path)) for route in ROUTES if isinstance(route, Route)) < len(ROUTES) / 6


def test_every_route_of_a_module_is_one_that_is_kept_from_nul() -> None:
    assert all(isinstance(route, APIRoute) for route in ROUTES)
