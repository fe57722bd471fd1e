"""Entity tags by the grammar of RFC 9110 §8.8.3: what is a list of tags, and whether one is in it."""

from __future__ import annotations

import asyncio
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message, Receive, Scope, Send

from api.http.conditional import Conditional, entity_tag, is_known, parse_tags

# entity-tag = [ weak ] opaque-tag; opaque-tag = DQUOTE *etagc DQUOTE; etagc = %x21 / %x23-7E / obs-text
OPAQUE = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters='"'), max_size=20)
SPACE = st.text(" \t", max_size=2)


@given(st.lists(st.tuples(OPAQUE, st.booleans(), SPACE, SPACE), min_size=1, max_size=6), st.data())
def test_a_list_holds_just_the_tags_that_were_put_in(
    items: list[tuple[str, bool, str, str]], data: st.DataObject
) -> None:
    written = [f"{left}{'W/' if weak else ''}{entity_tag(opaque)}{right}" for opaque, weak, left, right in items]
    empty = data.draw(st.integers(0, len(written)))
    field = ",".join([*written[:empty], "", *written[empty:]]).encode()
    assert parse_tags(field) == {opaque.encode() for opaque, *_ in items}
    asked = data.draw(OPAQUE)
    assert is_known(entity_tag(asked), [(b"if-none-match", field)]) == (asked in {one for one, *_ in items})


@pytest.mark.parametrize(
    ("field", "known"),
    [
        (b'"a"', True),
        (b'W/"a"', True),
        (b'"b", "a"', True),
        (b'"b,"  ,, "a"', True),
        (b"*", True),
        (b" * ", True),
        (b'"*"', False),
        (b'"ab"', False),
        (b'"b", "c"', False),
        (b'"x\\"a"', False),
        (b"a", False),
        (b'w/"a"', False),
        (b'"a" "b"', False),
        (b'"a"x', False),
        (b'"a', False),
        (b'"a", *', False),
        (b'"a\x00"', False),
        (b"", False),
    ],
)
def test_weak_tags_lists_and_the_star_count_and_what_is_no_list_matches_nothing(field: bytes, *, known: bool) -> None:
    assert is_known('"a"', [(b"if-none-match", field)]) is known
    assert is_known('W/"a"', [(b"if-none-match", field)]) is known


def test_several_fields_are_one_list_and_no_field_is_none() -> None:
    assert is_known('"a"', [(b"if-none-match", b'"b"'), (b"if-none-match", b'"a"')])
    assert not is_known('"a"', [(b"if-match", b'"a"')])


@pytest.mark.parametrize("wrong", ['a"', "a b", "é", "\x7f"])
def test_what_no_tag_may_hold_is_refused_where_it_is_made(wrong: str) -> None:
    with pytest.raises(ValueError, match="entity tag"):
        entity_tag(wrong)


def answered(headers: list[tuple[bytes, bytes]], pieces: list[bytes], asked: bytes | None) -> tuple[Message, bytes]:
    """What the middleware makes of an answer."""
    sent: list[Message] = []

    async def app(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for number, piece in enumerate(pieces, 1):
            await send({"type": "http.response.body", "body": piece, "more_body": number < len(pieces)})

    async def receive() -> Message:
        raise AssertionError("nothing is read")

    async def send(message: Message) -> None:
        sent.append(message)

    given_ = [] if asked is None else [(b"if-none-match", asked)]
    asyncio.run(Conditional(app)({"type": "http", "method": "GET", "headers": given_}, receive, send))
    assert [message["type"] for message in sent[:2]] == ["http.response.start", "http.response.body"]
    assert sent[-1].get("more_body", False) is False
    return sent[0], b"".join(message["body"] for message in sent[1:])


PUBLIC = [(b"content-type", b"text/plain"), (b"cache-control", b"public, max-age=5"), (b"content-length", b"2")]


def test_an_answer_that_may_be_cached_has_a_tag_of_its_bytes_and_others_have_none() -> None:
    start, content = answered(PUBLIC, [b"ab"], None)
    tag = dict(start["headers"])[b"etag"]
    assert re.fullmatch(rb'"[\x21\x23-\x7e]+"', tag)
    assert content == b"ab"
    assert dict(answered(PUBLIC, [b"ac"], None)[0]["headers"])[b"etag"] != tag
    known, nothing = answered(PUBLIC, [b"ab"], b'"x", W/' + tag)
    assert (known["status"], nothing) == (304, b"")
    assert dict(known["headers"]) == {b"cache-control": b"public, max-age=5", b"etag": tag}
    for control in (b"no-store", b"private, max-age=0"):
        bare, content = answered([(b"cache-control", control)], [b"ab"], b"*")
        assert (bare["status"], content, dict(bare["headers"]).get(b"etag")) == (200, b"ab", None)


def test_a_stream_keeps_the_tag_that_it_brings_and_gets_none_otherwise() -> None:
    pieces = [b"a", b"b", b""]
    start, content = answered(PUBLIC, pieces, b"*")
    assert (start["status"], content, dict(start["headers"]).get(b"etag")) == (200, b"ab", None)
    tagged = [*PUBLIC, (b"etag", b'"s"')]
    assert answered(tagged, pieces, b'"other"')[1] == b"ab"
    start, content = answered(tagged, pieces, b'"s"')
    assert (start["status"], content) == (304, b"")
