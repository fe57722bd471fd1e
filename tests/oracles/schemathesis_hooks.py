"""What the search with Schemathesis is told beyond the interface description: what is in the book, and signatures.

`SEARCHED` names a JSON file: by operation (`GET /v1/keys/{kid}`) values of its parameters and, in hexadecimal, a body
that are good; the address of whoever signs requests; and the file to which is written, at the end, how often each
operation was answered with which status. Half of what is asked is near these, or else nearly every
answer would be that there is no such thing.
"""

from __future__ import annotations

import atexit
import json
import os
import urllib.request
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import requests
import schemathesis
from hypothesis import strategies as st
from requests.auth import AuthBase

BINARY = "application/cose", "application/cbor-seq", "application/octet-stream"
KNOWN = json.loads(Path(os.environ["SEARCHED"]).read_text(encoding="utf-8"))
VALUES: dict[str, dict[str, str]] = KNOWN["values"]
BODIES: dict[str, bytes] = {name: bytes.fromhex(body) for name, body in KNOWN["bodies"].items()}


def known(context: Any, given: dict[str, Any] | None, names: dict[str, Any]) -> st.SearchStrategy[Any]:
    """What was made up, or the same with what is in the book in its place."""
    real = {name: value for name, value in names.items() if given is not None and name in given}
    return st.just(given) | st.just({**given, **real}) if real else st.just(given)


@schemathesis.hook
def flatmap_path_parameters(context: Any, path_parameters: dict[str, Any] | None) -> st.SearchStrategy[Any]:
    return known(context, path_parameters, VALUES.get(context.operation.label, {}))


@schemathesis.hook
def flatmap_query(context: Any, query: dict[str, Any] | None) -> st.SearchStrategy[Any]:
    return known(context, query, VALUES.get(context.operation.label, {}))


@schemathesis.hook
def flatmap_body(context: Any, body: Any) -> st.SearchStrategy[Any]:
    """A document that the service takes, whole, and with one member left out or replaced by what was made up."""
    good = BODIES.get(context.operation.label)
    if good is None or not good.startswith(b"{") or isinstance(body, bytes):  # bytes are of another media type
        return st.just(body)
    document: dict[str, Any] = json.loads(good)
    changed = st.sampled_from(sorted(document)).flatmap(
        lambda name: st.sampled_from(
            [{**document, name: body}, {key: one for key, one in document.items() if key != name}]
        )
    )
    return st.just(body) | st.just(document) | changed


@st.composite
def near(draw: st.DrawFn) -> bytes:
    """Bytes that the service takes, cut off, doubled, or with a few bytes changed; or any bytes."""
    good = draw(st.sampled_from(sorted(body for body in BODIES.values() if not body.startswith(b"{"))))
    how = draw(st.sampled_from(["good", "cut", "twice", "flipped", "any"]))
    if how == "any":
        return draw(st.binary(max_size=2_000))
    if how == "cut":
        return good[: draw(st.integers(0, len(good)))]
    data = bytearray(good + good if how == "twice" else good)
    for at in draw(st.lists(st.integers(0, len(data) - 1), max_size=4)) if how == "flipped" else ():
        data[at] ^= draw(st.integers(1, 255))
    return bytes(data)


ANSWERS: defaultdict[str, Counter[int]] = defaultdict(Counter)


@schemathesis.hook
def after_call(context: Any, case: Any, response: Any) -> None:
    if case.method.upper() == case.operation.method.upper():  # not one of those that are tried in its place
        ANSWERS[case.operation.label][response.status_code] += 1


@atexit.register
def tell() -> None:
    Path(KNOWN["answers"]).write_text(json.dumps(ANSWERS), encoding="utf-8")


class Signed(AuthBase):
    """The test decides whether a request is signed, and by whom: often without need, or by the wrong party."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        body = request.body.encode() if isinstance(request.body, str) else request.body
        asked = {"resource": request.path_url, "content": body.hex() if isinstance(body, bytes) else None}
        signer = urllib.request.Request(KNOWN["signer"], json.dumps(asked).encode())
        with urllib.request.urlopen(signer, timeout=30) as answer:
            request.headers.update(json.load(answer))
        return request


def as_bytes(context: Any, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


for media_type in BINARY:
    schemathesis.openapi.media_type(media_type, near())
    schemathesis.serializer(media_type)(as_bytes)
schemathesis.auth.set_from_requests(Signed())
