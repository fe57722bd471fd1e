"""Statements made in the browser against those of `ledger/cose/statement.py`: the same fields, the same bytes."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from playwright.sync_api import Browser, Page, Route

from api.pages.static_files import static_files
from ledger.cose.statement import (
    SEALED_TOPIC,
    Claims,
    decode_event,
    make_sealed,
    make_statement,
    parse_statement,
    verify_statement,
)
from ledger.domain.events.base import Event
from ledger.domain.examples import example
from ledger.domain.payload import decode_body, encode_payload
from ledger.domain.rules.catalogue import SPECS
from ledger.domain.samples import sample
from tests.support.charter import ORIGIN
from tests.support.keys import signer_for

PARTY, SUBJECTS = (
    "party:organizer",
    {
        "party": "party:example",
        "policy": "policy",
        "campaign": "campaign:2026",
        "enterprise": "uscc:91350100M0001TGQX1",
        "map": "map",
        "access": "access",
    },
)
SIGNER, OTHER = (signer_for(label, "p256") for label in ("a clerk", "another clerk"))
IAT, CTI, SALT = 1_773_500_000, bytes(range(16)), bytes(range(32))
SITE = "https://desk.test"
SCRIPT = "\n".join(
    line
    for line in Path(__file__).with_name("statements.js").read_text("utf-8").splitlines()
    if not line.startswith("//")
).rstrip(";\n")


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """An empty page that has the scripts beside it; nobody answers but the files themselves."""

    def answer(route: Route) -> None:
        file = static_files().get(route.request.url.removeprefix(f"{SITE}/static/"))
        if file is None:
            route.fulfill(body="<!doctype html><title>-</title>", content_type="text/html")
        else:
            route.fulfill(body=file.content, content_type=file.media_type)

    page = browser.new_page()
    page.route(f"{SITE}/**", answer)
    page.goto(f"{SITE}/")
    yield page
    page.close()


def ask(page: Page, what: str, *given: Mapping[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.evaluate(SCRIPT, [what, list(given)])
    assert not any("defect" in one for one in found), found
    return found


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def key_of(signer: Any) -> str:
    return encoded(signer.private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))


def frame(subject: str, **other: Any) -> dict[str, Any]:
    fixed = {"iat": IAT, "cti": encoded(CTI), "salt": encoded(SALT)}
    return {"party": PARTY, "log": ORIGIN, "subject": subject} | fixed | other


def test_every_event_of_the_catalogue_has_the_same_bytes_in_the_browser(page: Page) -> None:
    lines: list[dict[str, Any]] = []
    expected: list[tuple[Event, bytes, bytes | None]] = []
    for spec in SPECS.values():
        for event in (example(spec.event), sample(spec.event)):
            for sealed in (one for one in (False, True) if spec.takes(sealed=one)):
                claims = Claims(SUBJECTS[min(spec.streams)], PARTY, ORIGIN, IAT, CTI)
                if sealed:
                    expected.append((event, *make_sealed(event, claims, SIGNER, SALT)))
                else:
                    expected.append((event, make_statement(event, claims, SIGNER), None))
                content = json.loads(encode_payload(event))
                lines.append({"key": key_of(SIGNER), "frame": frame(claims.subject, sealed=sealed), "content": content})
    found = ask(page, "make", *lines)
    assert len(found) == len(expected) > 2 * len(SPECS)
    for line, answer, (event, statement, body) in zip(lines, found, expected, strict=True):
        assert "statement" in answer, (line["content"], answer)
        data, other = parse_statement(base64.b64decode(answer["statement"])), parse_statement(statement)
        verify_statement(data, SIGNER.public)
        assert (data.protected_bytes, data.payload) == (other.protected_bytes, other.payload), line["content"]
        made = None if answer["body"] is None else base64.b64decode(answer["body"])
        assert made == body and decode_event(data, made) == event
        assert answer["said"]["content"] == line["content"] and answer["said"]["sealed"] == line["frame"]["sealed"]
        assert answer["said"]["kidHex"] == SIGNER.kid.hex()


def test_a_text_that_a_statement_names_goes_into_a_body_of_its_own(page: Page) -> None:
    content = {"code": "1" * 20, "effective_on": "2026-03-16", "ends_on": "2026-03-16", "ground": "fraud"}
    content |= {"type": "PledgeRevoked", "v": 1}  # type: ignore[dict-item]
    text = {"field": "ground_text", "content": {"type": "GroundText", "text": "所附证明系伪造。"}}
    line = {"key": key_of(SIGNER), "frame": frame(SUBJECTS["enterprise"], text=text), "content": content}
    (found,) = ask(page, "make", line)
    body = base64.b64decode(found["body"])
    salt, held = decode_body(body)
    event = decode_event(parse_statement(base64.b64decode(found["statement"])))
    assert salt == SALT and getattr(held, "text", None) == "所附证明系伪造。"
    assert getattr(event, "ground_text", None) == sha256(body).hexdigest()
    assert found["said"]["text"] == {"text": "所附证明系伪造。", "type": "GroundText", "v": 1}
    (other,) = ask(page, "read", {"statement": found["statement"], "body": encoded(body.replace(b"1", b"2", 1))})
    assert other["refused"] == "Refuted"


def test_salt_and_id_are_random_where_nobody_gave_them(page: Page) -> None:
    content = json.loads(encode_payload(example(SPECS["ObjectionFiled"].event)))
    said = {"party": PARTY, "log": ORIGIN, "subject": SUBJECTS["enterprise"]}
    found = ask(page, "make", *[{"key": key_of(SIGNER), "frame": said, "content": content}] * 2)
    first, second = (parse_statement(base64.b64decode(one["statement"])) for one in found)
    assert first.cti != second.cti and first.commitment != second.commitment
    assert SEALED_TOPIC.encode() in first.payload


def test_what_no_log_would_take_is_not_built(page: Page) -> None:
    content = json.loads(encode_payload(example(SPECS["ObjectionFiled"].event)))
    bad: tuple[tuple[dict[str, Any], dict[str, Any]], ...] = (
        (frame(SUBJECTS["enterprise"], sealed=False), content),  # that form is not taken
        (frame("enterprise:x"), content),
        (frame(SUBJECTS["enterprise"], party="uscc:91350100M0001TGQX1"), content),
        (frame(SUBJECTS["enterprise"]), content | {"type": "Unheard"}),
        (frame(SUBJECTS["enterprise"]), content | {"v": 2}),
        (frame(SUBJECTS["enterprise"]), content | {"effective_on": "2026-02-30"}),
        (frame(SUBJECTS["enterprise"]), content | {"entry": 1.5}),
        (frame(SUBJECTS["enterprise"]), content | {"ground": "长" * 30_000}),
        (frame(SUBJECTS["enterprise"], salt=encoded(b"short")), content),
        (frame(SUBJECTS["enterprise"], cti=encoded(b"short")), content),
    )
    found = ask(page, "make", *({"key": key_of(SIGNER), "frame": one, "content": said} for one, said in bad))
    assert [one.get("refused") for one in found] == ["Malformed"] * len(bad)
    assert all(one["zh"] and one["en"] for one in found)


def test_a_key_signs_only_what_was_built_for_it(page: Page) -> None:
    content = json.loads(encode_payload(example(SPECS["ObjectionFiled"].event)))
    said = {"party": PARTY, "log": ORIGIN, "subject": SUBJECTS["enterprise"]}
    line = {"key": key_of(SIGNER), "other": key_of(OTHER), "frame": said, "content": content}
    (found,) = ask(page, "sign_for_another", line)
    assert found["refused"] == "Refuted"
