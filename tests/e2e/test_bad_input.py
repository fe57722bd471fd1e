"""Bad input gets a clear error and changes nothing: over real HTTP, each way of being wrong by its name."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path

import cbor2
import httpx
import pytest

from ledger.cose import headers
from ledger.cose.cbor import encode
from ledger.cose.receipt import attach
from ledger.cose.sign1 import split
from ledger.domain.events.party import KeyRevoked
from ledger.domain.payload import encode_payload
from ledger.limits import BATCH_BYTES_MAX, BODY_BYTES_MAX, STATEMENT_BYTES_MAX
from tests.e2e.book import Book, batch_of, open_book, today
from tests.e2e.forging import OUTER, forge, high_s, outer, protected_of, resign
from tests.support.charter import HANDLING_BODY, ORGANIZER, REGISTRAR, Speaker
from tests.support.database import PostgresServer
from tests.support.keys import signer_for
from tests.support.statements import (
    ENTERPRISE,
    EVIDENCE,
    OTHER_ENTERPRISE,
    campaign_opened,
    key_enrolled,
    outcome,
    pledge_made,
    pledge_published,
    registered,
)

CHINESE = re.compile("[一-鿿]")
PROBLEM, CONCISE = "application/problem+json", "application/concise-problem-details+cbor"

UNKNOWN = Speaker(ORGANIZER.party, signer_for("nobody's key"), "organizer-1")
EXPIRED = Speaker(ORGANIZER.party, signer_for("expired key"), "organizer-2")
REVOKED = Speaker(ORGANIZER.party, signer_for("revoked key"), "organizer-3")
P256 = Speaker(ORGANIZER.party, signer_for("p256 key", "p256"), "organizer-4")
IMPOSTOR = Speaker(ORGANIZER.party, REGISTRAR.signer, "registrar-1")

Sent = bytes | tuple[bytes, bytes | None]
NEW = "local:test/new"


@pytest.fixture(scope="module")
def world(book: Book) -> Book:
    """A campaign, an enterprise, and keys that are no good any more."""
    book.campaign()
    book.enterprise(ENTERPRISE)
    book.enterprise(OTHER_ENTERPRISE)
    yesterday = today() - timedelta(days=1)
    book.enrol(EXPIRED, ORGANIZER, valid_from=yesterday - timedelta(days=9), valid_until=yesterday)
    book.enrol(REVOKED, ORGANIZER)
    book.enrol(P256, ORGANIZER)
    lost = KeyRevoked(v=1, effective_on=today(), kid=REVOKED.signer.kid.hex(), reason="lost")
    book.register(lost, REVOKED.party, REGISTRAR)
    assert book.sign(registered(effective_on=today()), NEW)[0]
    return book


def reg(**given: object) -> bytes:
    """The payload of a registration that is in order."""
    return encode_payload(registered(**{"effective_on": today(), **given}))


def swapped(old: bytes, new: bytes, subject: str = NEW) -> Callable[[Book], Sent]:
    """A well-signed registration in whose payload something stands in place of what belongs there."""

    def make(_: Book) -> Sent:
        payload = reg()
        assert old in payload, payload
        return forge(payload.replace(old, new), subject, ORGANIZER)

    return make


def header(**options: object) -> Callable[[Book], Sent]:
    return lambda _: forge(reg(), NEW, ORGANIZER, **options)  # type: ignore[arg-type]


def said(event: object, subject: str = ENTERPRISE, by: Speaker = ORGANIZER, **more: object) -> Callable[[Book], Sent]:
    return lambda book: book.sign(event() if callable(event) else event, subject, by, **more)  # type: ignore[arg-type]


def backwards(protected: dict[object, object]) -> bytes:
    """The header's map in the other order."""
    right = encode(protected)
    items = sorted((encode(key) + encode(value) for key, value in protected.items()), key=right.find, reverse=True)
    return bytes([0xA0 + len(items)]) + b"".join(items)


def twice(protected: dict[object, object]) -> bytes:
    good = encode(protected)
    return bytes([good[0] + 1]) + good[1:] + encode(headers.TYP) + encode(headers.STATEMENT)


def long_number(protected: dict[object, object]) -> bytes:
    good = encode(protected)
    assert good[1:2] == b"\x01"  # the label alg
    return good[:1] + b"\x18\x01" + good[2:]


def made(**given: object) -> Callable[[], object]:
    day = today()
    return lambda: pledge_made(**{"effective_on": day, "made_on": day, "evidence": EVIDENCE, **given})


def a_case(**given: object) -> Callable[[], object]:
    month = f"{today():%Y-%m}"
    months = dict.fromkeys(("received", "accepted", "forwarded", "reply_due", "replied", "closed"), month)
    return lambda: outcome(
        7, **{"effective_on": today(), "notified_on": None, "late_ground": "测试", **months, **given}
    )


def with_another_body(book: Book) -> Sent:
    statement, _ = book.sign(a_case()(), ENTERPRISE, HANDLING_BODY)  # type: ignore[arg-type]
    _, other = book.sign(a_case()(), ENTERPRISE, HANDLING_BODY)  # type: ignore[arg-type]
    return statement, other


def with_its_body_reencoded(book: Book) -> Sent:
    statement, body = book.sign(a_case()(), ENTERPRISE, HANDLING_BODY)  # type: ignore[arg-type]
    assert body is not None
    return statement, body.replace(b",", b", ", 1)


def without_its_body(book: Book) -> Sent:
    return book.sign(a_case()(), ENTERPRISE, HANDLING_BODY)[0]  # type: ignore[arg-type]


def an_open_one_with_a_body(book: Book) -> Sent:
    return book.sign(registered(effective_on=today()), NEW)[0], b"{}"


def somebody_elses_proof(_: Book) -> Sent:
    """A key enrolled with the proof that its holder made for another party."""
    day = {"effective_on": today(), "valid_from": today()}
    event = key_enrolled(signer_for("stolen"), REGISTRAR.party, **day)
    return forge(event, ORGANIZER.party, REGISTRAR)


def reused_cti(book: Book) -> Sent:
    cti = b"one identity, two uses"
    for name in ("甲", "乙"):
        statement, _ = book.sign(registered(effective_on=today(), name=name), "local:test/cti", cti=cti)
        if name == "甲":
            book.post(statement)
    return statement


def altered_signature(book: Book) -> Sent:
    statement, _ = book.sign(registered(effective_on=today()), NEW)
    return statement[:-1] + bytes([statement[-1] ^ 1])


def altered_payload(book: Book) -> Sent:
    statement, _ = book.sign(registered(effective_on=today(), name="AB"), NEW)
    return statement.replace(b'"AB"', b'"AC"')


def high_s_of_a_sound_one(book: Book) -> Sent:
    return high_s(book.sign(registered(effective_on=today()), NEW, P256)[0])


def standing_token(book: Book) -> Sent:
    """What the log signed for another purpose."""
    return book.get(f"/v1/enterprises/{ENTERPRISE[5:]}/standing", headers={"Accept": "application/cose"}).content


def transparent(book: Book) -> Sent:
    statement, _ = book.sign(registered(effective_on=today()), NEW)
    return attach(statement, [book.get("/entries/1").content])


@dataclass(frozen=True)
class Case:
    """`kind`: the stable type that it gets; `word`: what the detail says of it, at least."""

    name: str
    make: Callable[[Book], Sent]
    kind: str
    word: str = ""
    status: int = 400
    batch_only: bool = False


MALFORMED, REFUTED = "malformed", "refuted"
CASES = [
    # form
    Case("nothing", lambda _: b"", MALFORMED),
    Case("no CBOR", lambda _: b"hello", MALFORMED, "COSE_Sign1"),
    Case("deep nesting", lambda _: b"\xd2\x84" + b"\x81" * 5_000, MALFORMED),
    Case("a length that is not there", lambda _: b"\xd2\x84\x5b\xff\xff\xff\xff\xff\xff\xff\xff", MALFORMED),
    Case("a transparent statement", transparent, MALFORMED, "transparent"),
    Case("a signed standing", standing_token, MALFORMED),
    Case("a receipt", lambda book: book.get("/entries/0").content, MALFORMED),
    # protected header
    Case("another typ", header(change={headers.TYP: headers.STANDING}), MALFORMED, "typ"),
    Case("no typ", header(drop=headers.TYP), MALFORMED, "typ"),
    Case("typ as number", header(change={headers.TYP: 18}), MALFORMED, "typ"),
    Case("another content type", header(change={headers.CONTENT_TYPE: "application/json"}), MALFORMED, "content"),
    Case("a label more", header(change={99: 1}), MALFORMED, "label"),
    Case("crit", header(change={2: [4]}), MALFORMED, "label"),
    Case("no kid", header(drop=headers.KID), MALFORMED, "label"),
    Case("header in another order", header(encoded=backwards), MALFORMED),
    Case("a label twice", header(encoded=twice), MALFORMED),
    Case("a label in long form", header(encoded=long_number), MALFORMED),
    Case("RS256", header(change={headers.ALG: -257}), MALFORMED, "RS256"),
    Case("ES384", header(change={headers.ALG: -35}), MALFORMED, "ES384"),
    Case("HMAC", header(change={headers.ALG: 5}), MALFORMED, "HMAC"),
    Case("an algorithm that nobody knows", header(change={headers.ALG: -99_999}), MALFORMED, "-99999"),
    Case("an algorithm by name", header(change={headers.ALG: "EdDSA"}), MALFORMED),
    Case("an algorithm of another kind of key", header(change={headers.ALG: -7}), REFUTED, "ES256"),
    # payload
    Case("spaces", swapped(b'","', b'", "'), MALFORMED),
    Case("a line end", swapped(b"}", b"}\n"), MALFORMED),
    Case("members in another order", lambda _: forge(
        reg().replace(b',"v":1}', b"}").replace(b"{", b'{"v":1,', 1), NEW, ORGANIZER), MALFORMED),
    Case("a member twice", swapped(b'"v":1}', b'"v":1,"v":1}'), MALFORMED),
    Case("needless escapes", swapped(b'"small"', b'"\\u0073mall"'), MALFORMED),
    Case("a floating-point number", swapped(b'"v":1}', b'"v":1.0}'), MALFORMED),
    Case("an exponent", swapped(b'"v":1}', b'"v":1e0}'), MALFORMED),
    Case("NaN", swapped(b'"v":1}', b'"v":NaN}'), MALFORMED),
    Case("a byte order mark", swapped(b'{"', b'\xef\xbb\xbf{"'), MALFORMED),
    Case("broken UTF-8", swapped("北".encode(), b"\xff"), MALFORMED),
    Case("half a surrogate pair", swapped("北".encode(), b"\\ud800"), MALFORMED),
    Case("a field too many", swapped(b'"v":1}', b'"v":1,"x":1}'), MALFORMED, "x"),
    Case("a field missing", lambda _: forge(
        re.sub(rb'"name":"[^"]*",', b"", reg()), NEW, ORGANIZER), MALFORMED, "name"),
    Case("a field of another type", swapped(b'"small"', b"3"), MALFORMED, "size_band"),
    Case("a value that is not in the list", swapped(b'"small"', b'"tiny"'), MALFORMED, "size_band"),
    Case("a type that does not exist", swapped(b"EnterpriseRegistered", b"EnterpriseForgotten"), MALFORMED),
    Case("a version that does not exist", swapped(b'"v":1', b'"v":2'), MALFORMED),
    Case("30 February", lambda _: forge(
        re.sub(rb'"effective_on":"[^"]*"', b'"effective_on":"2026-02-30"', reg()), NEW, ORGANIZER),
        MALFORMED, "effective_on"),
    Case("a date with one digit", lambda _: forge(
        re.sub(rb'"effective_on":"[^"]*"', b'"effective_on":"2026-3-1"', reg()), NEW, ORGANIZER),
        MALFORMED, "effective_on"),
    Case("a name of thousands", swapped("北京".encode(), b"a" * 5_000), MALFORMED, "name"),
    Case("an array", lambda _: forge(b"[]", NEW, ORGANIZER), MALFORMED),
    Case("no payload", lambda _: forge(b"", NEW, ORGANIZER), MALFORMED),
    Case("a commitment in upper case", lambda _: forge(
        b'{"commitment":"' + b"AB" * 32 + b'","type":"sealed"}', NEW, ORGANIZER), MALFORMED),
    # claims
    Case("another log", said(lambda: registered(effective_on=today()), NEW, origin="other.example/log"),
         "statement.other_log", "other.example/log"),
    Case("too old", lambda book: book.sign(registered(effective_on=today()), NEW, iat=int(time.time()) - 8 * 86_400),
         "statement.too_old"),
    Case("of the future", lambda book: book.sign(registered(effective_on=today()), NEW, iat=int(time.time()) + 400),
         "statement.from_the_future"),
    Case("issued before time", lambda _: forge(reg(), NEW, ORGANIZER, change={
        headers.CWT_CLAIMS: {**_claims(), headers.IAT: -1}}), MALFORMED, "iat"),
    Case("issued at a fraction", lambda _: forge(reg(), NEW, ORGANIZER, change={
        headers.CWT_CLAIMS: {**_claims(), headers.IAT: 1.5}}, encoded=lambda p: cbor2.dumps(p, canonical=True)),
        MALFORMED),
    Case("a short cti", lambda _: forge(reg(), NEW, ORGANIZER, change={
        headers.CWT_CLAIMS: {**_claims(), headers.CTI: b"1"}}), MALFORMED, "cti"),
    Case("a claim more", lambda _: forge(reg(), NEW, ORGANIZER, change={
        headers.CWT_CLAIMS: {**_claims(), headers.EXP: 1}}), MALFORMED, "claims"),
    Case("a subject that is none", lambda _: forge(reg(), "uscc:1234", ORGANIZER), MALFORMED),
    Case("a subject in lower case", lambda _: forge(reg(), ENTERPRISE.lower(), ORGANIZER), MALFORMED),
    Case("the cti of another statement", reused_cti, "statement.cti_taken", status=409),
    # keys and signatures
    Case("an unknown key", said(lambda: registered(effective_on=today()), NEW, UNKNOWN), "key.unknown"),
    Case("an expired key", said(lambda: registered(effective_on=today()), NEW, EXPIRED), "key.not_valid_today"),
    Case("a revoked key", said(lambda: registered(effective_on=today()), NEW, REVOKED), "key.ended"),
    Case("another party's key", said(lambda: registered(effective_on=today()), NEW, IMPOSTOR), "key.not_the_issuers"),
    Case("an altered signature", altered_signature, REFUTED),
    Case("an altered payload", altered_payload, REFUTED),
    Case("high S", high_s_of_a_sound_one, REFUTED, "low-S"),
    Case("a key that its holder proved for another party", somebody_elses_proof, REFUTED),
    # who may say what about whom
    Case("an issuer not entitled", said(lambda: registered(effective_on=today()), NEW, REGISTRAR),
         "issuer.not_entitled", "registrar"),
    Case("an enterprise's event about a campaign", said(lambda: registered(effective_on=today()), "campaign:x"),
         "event.wrong_stream"),
    Case("a campaign's event about an enterprise", said(lambda: campaign_opened(effective_on=today())),
         "event.wrong_stream"),
    Case("a publication of another enterprise's pledge", lambda book: book.sign(
        book.published(_pledge_of(book, OTHER_ENTERPRISE), 77), ENTERPRISE), "pledge.not_in_stream"),
    Case("open what must be sealed", said(a_case(), by=HANDLING_BODY, sealed=False), "statement.form"),
    Case("a public pledge, sealed", said(made(), sealed=True), "pledge.disclosure_form"),
    # bodies
    Case("a sealed statement without its body", without_its_body, "body.missing"),
    Case("another body", with_another_body, REFUTED, "commitment", batch_only=True),
    Case("its body re-encoded", with_its_body_reencoded, REFUTED, "commitment", batch_only=True),
    Case("an open statement with a body", an_open_one_with_a_body, MALFORMED, "body", batch_only=True),
    # domain rules
    Case("an unknown campaign", said(made(campaign="campaign:none")), "campaign.unknown", "campaign:none"),
    Case("an enterprise that is not in the book", said(made(), NEW), "enterprise.not_registered"),
    Case("registered twice", said(lambda: registered(effective_on=today())), "enterprise.already_registered"),
    Case("made before the campaign", said(made(made_on=date(2020, 2, 29))), "pledge.outside_window"),
    Case("made tomorrow", said(made(made_on=today() + timedelta(days=1))), "pledge.made_in_future"),
    Case("valid until before it was made", said(made(valid_until=date(2020, 1, 1))), "pledge.validity_order"),
    Case("valid for a century", said(made(valid_until=date(2126, 1, 1))), "pledge.too_long"),
    Case("no evidence on paper", said(made(evidence=None)), "pledge.evidence_missing"),
    Case("a clause that the template lacks", said(made(clauses=("other",))), "pledge.clause_unknown"),
    Case("recorded too late", said(made(effective_on=date(2020, 1, 1))), "recording.late"),
    Case("effective in the future", said(made(effective_on=today() + timedelta(days=2))), "recording.in_future"),
    Case("a publication of nothing", said(lambda: pledge_published(bytes(32), effective_on=today())),
         "pledge.not_in_stream"),
]  # fmt: skip


def _claims() -> dict[object, object]:
    claims = protected_of(NEW, ORGANIZER)[headers.CWT_CLAIMS]
    assert isinstance(claims, dict)
    return claims


_pledges: dict[str, bytes] = {}


def _pledge_of(book: Book, subject: str) -> bytes:
    """A pledge that is in the book, once."""
    if subject not in _pledges:
        statement, _ = book.sign(made()(), subject)  # type: ignore[arg-type]
        (result,) = book.batch([(statement, None)])
        _pledges[subject] = result["statement_id"]
    return _pledges[subject]


def parts(sent: Sent) -> tuple[bytes, bytes | None]:
    return (sent, None) if isinstance(sent, bytes) else sent


def check_problem(answer: httpx.Response, status: int, kind: str, word: str = "") -> None:
    """RFC 9457, with a stable type, both titles, and the rule where one refused it."""
    assert answer.status_code == status, (answer.status_code, answer.text)
    assert answer.headers["content-type"] == PROBLEM
    problem = answer.json()
    assert problem["type"] == f"urn:credit-ledger:{kind}", problem
    assert problem["status"] == status
    assert CHINESE.search(problem["title_zh"]), problem
    assert re.search("[a-z]{3}", problem["title_en"]), problem
    assert not CHINESE.search(problem["title_en"]), problem
    if "." in kind and status in (400, 409):
        assert problem["rule"] == kind
    assert word in problem.get("detail", "") + problem["title_en"], problem


def check_concise(answer: httpx.Response, status: int, kind: str) -> None:
    """RFC 9290: title at -1, detail at -2."""
    assert answer.status_code == status
    assert answer.headers["content-type"] == CONCISE
    problem = cbor2.loads(answer.content)
    assert set(problem) == {-1, -2}
    assert CHINESE.search(problem[-1])
    assert problem[-2].startswith(kind)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_way_of_being_wrong_is_named_and_changes_nothing(world: Book, case: Case) -> None:
    statement, body = parts(case.make(world))
    before = world.checkpoint()
    if not case.batch_only:
        if body is not None:
            assert world.http.post("/bodies", content=body).status_code == 201
        check_problem(world.post(statement, accept="application/problem+json"), case.status, case.kind, case.word)
        check_concise(world.post(statement), case.status, case.kind)
    if statement:
        (result,) = world.batch([(statement, body)])
        assert result["status"] == "refused", result
        assert result["rule"] == case.kind, result
        assert CHINESE.search(result["zh"])
        assert case.word in result.get("detail", "") + result["en"]
    assert world.checkpoint() == before


@pytest.fixture
def fragile(postgres_server: PostgresServer, tmp_path: Path) -> Iterator[Book]:
    """A book of its own for what might stop the read side for good."""
    with (
        postgres_server.database() as database,
        open_book(tmp_path / "fragile", database=database.service) as book,
    ):
        yield book


@pytest.mark.parametrize("name", ["a\0b", "a\nb", "a\x1b[2Jb", "a\u202eb"], ids=["NUL", "line end", "escape", "turned"])
def test_a_line_with_control_characters_is_refused_and_does_not_stop_the_read_side(fragile: Book, name: str) -> None:
    statement = forge(reg(name=name), NEW, ORGANIZER)
    answer = fragile.post(statement, accept="application/json")
    after = fragile.enterprise("local:test/after")
    read = fragile.http.get(f"/v1/enterprises/local~test~after?min_tree_size={after + 1}")
    assert (read.status_code, fragile.http.get("/readyz").status_code) == (200, 200)
    check_problem(answer, 400, "text.hidden_character", "name")


@pytest.mark.parametrize("how", OUTER)
@pytest.mark.parametrize("key", [ORGANIZER, P256], ids=["Ed25519", "P-256"])
def test_a_statement_re_encoded_in_any_way_is_refused_before_and_after_it_is_in_the_book(
    world: Book, how: str, key: Speaker
) -> None:
    subject = f"local:test/{sha(how + key.officer)}"
    statement, _ = world.sign(registered(effective_on=today()), subject, key)
    varied = outer(statement, how)
    assert varied != statement
    before = world.checkpoint()
    check_problem(world.post(varied, accept="application/json"), 400, MALFORMED)
    assert world.checkpoint() == before
    assert world.post(statement).status_code == 201
    before = world.checkpoint()
    check_problem(world.post(varied, accept="application/json"), 400, MALFORMED)
    assert world.checkpoint() == before


def sha(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:12]


def test_a_registered_statement_signed_anew_with_high_s_is_not_a_second_entry(world: Book) -> None:
    statement, _ = world.sign(registered(effective_on=today()), "local:test/high-s", P256)
    assert world.post(statement).status_code == 201
    before = world.checkpoint()
    check_problem(world.post(high_s(statement), accept="application/json"), 400, REFUTED)
    protected, _, payload, _ = split(statement)
    assert payload is not None
    again = world.post(resign(protected, payload, P256.signer))
    assert again.status_code == 201, "the same bytes: signatures are deterministic"
    assert world.checkpoint() == before


@pytest.mark.parametrize(
    ("path", "bytes_max"),
    [("/entries", STATEMENT_BYTES_MAX), ("/bodies", BODY_BYTES_MAX), ("/entries/batch", BATCH_BYTES_MAX)],
)
def test_what_is_too_large_is_413_and_is_not_read_to_its_end(world: Book, path: str, bytes_max: int) -> None:
    before = world.checkpoint()
    answer = world.http.post(path, content=bytes(bytes_max + 1), headers={"Accept": "application/json"})
    check_problem(answer, 413, "too-large")
    unasked = world.http.post(path, content=bytes(bytes_max + 1))
    if path == "/entries":
        check_concise(unasked, 413, "too-large")
    else:  # not of SCRAPI: JSON unless concise problems are asked for
        check_problem(unasked, 413, "too-large")
        check_concise(
            world.http.post(path, content=bytes(bytes_max + 1), headers={"Accept": CONCISE}), 413, "too-large"
        )

    def chunks() -> Iterator[bytes]:
        for _ in range(bytes_max // 60_000 + 2):
            yield bytes(60_000)

    check_problem(world.http.post(path, content=chunks(), headers={"Accept": "application/json"}), 413, "too-large")
    assert world.checkpoint() == before


@pytest.mark.parametrize(
    ("name", "content", "status", "kind"),
    [
        ("nothing", b"", 400, MALFORMED),
        ("no CBOR", b"\xff", 400, MALFORMED),
        ("a map", cbor2.dumps({1: 2}), 400, MALFORMED),
        ("text", cbor2.dumps("statement"), 400, MALFORMED),
        ("three parts", cbor2.dumps([b"a", b"b", b"c"]), 400, MALFORMED),
        ("a body that is text", cbor2.dumps([b"a", "b"]), 400, MALFORMED),
        ("cut short", cbor2.dumps(b"a" * 100)[:-1], 400, MALFORMED),
        ("deep nesting", b"\x81" * 100_000, 400, MALFORMED),
        ("a length that is not there", b"\x5b" + b"\xff" * 8, 400, MALFORMED),
        ("a shared reference to itself", b"\xd8\x1c\x81\xd8\x1d\x00", 400, MALFORMED),
        ("too many", cbor2.dumps(b"a") * 1_001, 400, MALFORMED),
        ("an item too large", cbor2.dumps(bytes(STATEMENT_BYTES_MAX + 1)), 413, "too-large"),
    ],
)
def test_a_batch_that_cannot_be_cut_into_items_is_refused_whole(
    world: Book, name: str, content: bytes, status: int, kind: str
) -> None:
    good = batch_of([world.sign(registered(effective_on=today()), f"local:batch/{sha(name)}")])
    before = world.checkpoint()
    for sent in (content, good + content) if content else (content,):
        answer = world.http.post("/entries/batch", content=sent, headers={"Accept": "application/json"})
        check_problem(answer, status, kind)
    assert world.checkpoint() == before


def test_a_refused_item_of_a_batch_never_fails_its_neighbours(world: Book) -> None:
    good = [world.sign(registered(effective_on=today()), f"local:neighbour/{n}") for n in range(3)]
    bad = [
        (good[0][0] + b"\0", None),
        world.sign(registered(effective_on=today()), NEW, UNKNOWN),
        world.sign(registered(effective_on=today()), ENTERPRISE),
        (altered_signature(world), None),
    ]
    size = world.size()
    results = world.batch([bad[0], good[0], bad[1], good[1], bad[2], bad[3], good[2], good[0]])  # type: ignore[list-item]
    assert [result["status"] for result in results[:7]] == [
        "refused", "registered", "refused", "registered", "refused", "refused", "registered",
    ]  # fmt: skip
    assert [result["rule"] for result in results if "rule" in result] == [
        MALFORMED, "key.unknown", "enterprise.already_registered", REFUTED,
    ]  # fmt: skip
    assert (results[7]["entry"], results[7]["receipt"]) == (results[1]["entry"], results[1]["receipt"])
    assert world.size() == size + 3


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("/nothing", 404, "not-found"),
        ("/v1/nothing", 404, "not-found"),
        ("/entries/1/nothing", 404, "not-found"),
        ("/entries/999999", 404, "not-found"),
        ("/entries/999999/statement", 404, "not-found"),
        ("/entries/999999/evidence", 404, "not-found"),
        ("/entries/999999/body", 404, "not-found"),
        ("/entries/0/body", 404, "not-found"),
        ("/entries/01", 422, "entries.name"),
        ("/entries/-1", 422, "entries.name"),
        ("/entries/one", 422, "entries.name"),
        ("/entries/99999999999999999999", 422, "entries.name"),
        (f"/entries/{'g' * 64}", 404, "not-found"),
        (f"/entries/{'0' * 64}", 404, "not-found"),
        ("/tile/0/999", 404, "not-found"),
        ("/tile/9/000", 404, "not-found"),
        ("/tile/0/0", 400, MALFORMED),
        ("/tile/0/000.p/256", 400, MALFORMED),
        ("/tile/entries/x", 400, MALFORMED),
        ("/.well-known/scitt-keys/00", 404, "not-found"),
        ("/v1/enterprises/1234/standing", 422, "enterprise.invalid_id"),
        ("/v1/enterprises/1234", 422, "enterprise.invalid_id"),
        ("/v1/enterprises/campaign:2026/standing", 422, "enterprise.invalid_id"),
        ("/v1/enterprises/local~x/standing", 422, "enterprise.invalid_id"),
        ("/v1/enterprises/911100006000373410/standing", 422, "enterprise.check_digit"),
        ("/v1/enterprises/911100006000373410", 422, "enterprise.check_digit"),
        (f"/v1/enterprises/{ENTERPRISE[5:]}/standing?as_of=2026-02-30", 422, "standing.as_of"),
        (f"/v1/enterprises/{ENTERPRISE[5:]}/standing?tree_size=-1", 422, "request.tree_size"),
        (f"/v1/enterprises/{ENTERPRISE[5:]}/standing?tree_size=99999999", 422, "standing.tree_size"),
        (f"/v1/enterprises/{ENTERPRISE[5:]}/standing?min_tree_size=x", 422, "request.min_tree_size"),
        (f"/v1/enterprises/{ENTERPRISE[5:]}/events?after=x", 422, "request.invalid"),
        (f"/v1/enterprises/{ENTERPRISE[5:]}/events?after=99999999999999999999", 422, "request.invalid"),
        ("/v1/enterprises?cursor=%ff", 400, MALFORMED),
        (f"/v1/enterprises?q={'x' * 2_000}", 400, MALFORMED),
        ("/v1/enterprises?limit=0", 422, "request.invalid"),
        ("/v1/events?limit=100000", 422, "request.invalid"),
        ("/v1/events?after=99999999999999999999", 422, "request.invalid"),
        ("/v1/standing-changes?after=yesterday", 400, MALFORMED),
        ("/v1/standing-changes?after=2026-01-01.99999999999999999999.x", 400, MALFORMED),
        ("/v1/pledges/1", 404, "not-found"),
        ("/v1/pledges/%00", 422, "request.nul"),
        ("/v1/campaigns/none", 404, "not-found"),
        ("/v1/campaigns/none/pledges", 404, "not-found"),
        ("/v1/campaigns/%00", 422, "request.nul"),
        ("/v1/policies/0", 404, "not-found"),
        ("/v1/policies/x", 422, "request.invalid"),
        ("/v1/policies/99999999999999999999", 422, "request.invalid"),
        ("/v1/keys/zz", 404, "not-found"),
    ],
)
def test_what_is_not_there_or_cannot_be_is_a_problem_with_a_name(
    world: Book, path: str, status: int, kind: str
) -> None:
    check_problem(world.http.get(path, headers={"Accept": "application/json"}), status, kind)


@pytest.mark.parametrize("query", ["q=%00", "campaign=%00", "q=a%00b", "q=%ed%a0%80", "campaign=%ff"])
def test_a_query_that_no_database_takes_is_answered_without_a_defect(world: Book, query: str) -> None:
    assert world.http.get(f"/v1/enterprises?{query}").status_code in (200, 422)


def test_a_method_that_is_not_for_a_resource_is_405(world: Book) -> None:
    for method, path in (("DELETE", "/entries/0"), ("PUT", "/entries"), ("POST", "/checkpoint")):
        check_problem(
            world.http.request(method, path, headers={"Accept": "application/json"}), 405, "method-not-allowed"
        )


@pytest.mark.parametrize(
    "content",
    [b"", b"x", b"[]", b"{}", b'{"ids":1}', b'{"ids":[1]}', b'{"ids":"abc"}', b"\xff", b"[" * 100_000],
)
def test_a_query_for_standings_that_is_none_is_refused(world: Book, content: bytes) -> None:
    check_problem(world.http.post("/v1/standings/query", content=content), 422, "standings.query")


def test_a_query_for_too_many_standings_is_refused_and_one_too_large_is_not_read(world: Book) -> None:
    many = {"ids": [f"local~test~{n}" for n in range(1_001)]}
    check_problem(world.http.post("/v1/standings/query", json=many), 422, "standings.too_many")
    huge = b'{"ids":["' + b"x" * 64_000_000 + b'"]}'
    check_problem(world.http.post("/v1/standings/query", content=huge), 413, "too-large")


def test_a_sound_code_that_the_book_does_not_know_is_unrated_and_not_in_the_book(world: Book) -> None:
    for name in ("91350100M000100Y43", "91350100m000100y43", "529900T8BM49AURSDO55"):
        answer = world.get(f"/v1/enterprises/{name}/standing")
        assert (answer.json()["level"], answer.json()["in_book"]) == ("UNRATED", False)
        assert world.get(f"/v1/enterprises/{name}").json()["in_book"] is False
    known = world.get(f"/v1/enterprises/{ENTERPRISE[5:]}/standing?min_tree_size={world.size()}")
    assert known.json()["in_book"] is True
    assert known.headers["etag"] != answer.headers["etag"]


def test_after_all_that_the_service_is_well_and_said_nothing_of_a_defect(world: Book) -> None:
    assert world.get("/readyz").json()["ready"] is True
    assert "Traceback" not in world.service.log.read_text()
    assert "internal" not in world.get("/metrics").text


def test_a_residents_number_is_refused_by_every_route_and_answered_by_none(world: Book) -> None:
    number = "11010519491231002X"  # GB 11643's own example
    for path in (
        f"/v1/enterprises?q={number}",
        f"/v1/enterprises/{number}",
        f"/v1/enterprises/uscc:{number}",
        f"/v1/enterprises/local~shop~{number}",
        f"/v1/enterprises/{number}/standing",
        f"/v1/enterprises/{number}/events",
        f"/v1/enterprises/x{number}" + "%20" * 3,
    ):
        answer = world.http.get(path)
        assert answer.status_code in (400, 422), path
        assert number not in answer.text, path
        if "x" + number not in path:
            assert "identity.resident_number" in answer.text, path
    query = world.http.post("/v1/standings/query", json={"ids": [number]})
    assert query.json()["results"][0]["error"] == "identity.resident_number"
    assert number not in query.text
    event = registered(effective_on=today())
    answered = world.post(world.sign(event, f"uscc:{number}")[0], accept="application/problem+json")
    assert answered.status_code == 400
    assert "identity.resident_number" in answered.text
    assert number not in answered.text
