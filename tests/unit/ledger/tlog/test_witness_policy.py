"""A policy means what C2SP tlog-policy says, is refused where it means nothing, and demands what it says it demands."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import Malformed, Refuted, Uncheckable
from ledger.limits import POLICY_BYTES_MAX, POLICY_WITNESSES_MAX
from ledger.tlog.checkpoint import Checkpoint, sign_checkpoint
from ledger.tlog.note import NoteSigner
from ledger.tlog.vkey import VerifierKey
from ledger.tlog.witness_policy import Group, LogLine, Policy, PolicyWitness, parse_logs, parse_policy
from tests.support.witnesses import cosign, cosigner

ORIGIN = "log.example/policy"
LOG = NoteSigner(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(32)))
OTHER = NoteSigner("log.example/other", Ed25519PrivateKey.from_private_bytes(b"\1" * 32))
NOTE = sign_checkpoint(Checkpoint(ORIGIN, 7, bytes(range(32))), LOG)
NAMES = ("X1", "X2", "X3", "Y1", "Y2", "Y3")


def vkey(name: str) -> str:
    return cosigner(name).key.format()


# The example of C2SP tlog-policy, "Example policy", with keys.
EXAMPLE = "\n".join(
    [
        f"log {LOG.key.format()}",
        "",
        *(f"witness {name} {vkey(name)}" for name in NAMES[:3]),
        "group X-witnesses 2 X1 X2 X3",
        "",
        *(f"witness {name} {vkey(name)}" for name in NAMES[3:]),
        "group Y-witnesses any Y1 Y2 Y3",
        "",
        "group X-and-Y all X-witnesses Y-witnesses",
        "quorum X-and-Y",
        "",
    ]
).encode()


@pytest.mark.parametrize(
    ("names", "enough"),
    [
        ((), False),
        (("X1", "X2", "X3"), False),
        (("Y1", "Y2", "Y3", "X1"), False),
        (("X1", "X3", "Y2"), True),
        (NAMES, True),
    ],
)
def test_the_standards_example_demands_two_of_one_and_one_of_the_other(names: tuple[str, ...], enough: bool) -> None:
    policy = parse_policy(EXAMPLE)
    assert policy.reached(names) is enough
    note = cosign(NOTE, 1_770_000_000, *names)
    if enough:
        shown = policy.require(note)
        assert (shown.checkpoint.size, set(shown.cosignatures)) == (7, set(names))
        assert {one.timestamp for one in shown.cosignatures.values()} == {1_770_000_000}
    else:
        with pytest.raises(Uncheckable, match="quorum"):
            policy.require(note)


def test_a_cosignature_counts_once_however_often_it_is_there() -> None:
    policy = parse_policy(EXAMPLE)
    with pytest.raises(Uncheckable):
        policy.require(cosign(NOTE, 1, "X1", "X1", "Y1"))


def test_strangers_are_left_alone_and_a_false_cosignature_of_a_witness_refutes_the_note() -> None:
    policy = parse_policy(EXAMPLE)
    enough = cosign(NOTE, 1, "X1", "X2", "Y1", "stranger")
    policy.require(enough)
    elsewhere = cosign(sign_checkpoint(Checkpoint(ORIGIN, 8, bytes(32)), LOG), 1, "X3").splitlines(keepends=True)[-1]
    with pytest.raises(Refuted):
        policy.require(enough + elsewhere)


def test_only_the_policys_logs_and_the_log_that_is_meant_are_accepted() -> None:
    policy = parse_policy(EXAMPLE)
    full = cosign(NOTE, 1, *NAMES)
    assert policy.require(full, LOG.key).checkpoint.origin == ORIGIN
    with pytest.raises(Uncheckable, match="key"):
        policy.require(full, OTHER.key)
    foreign = cosign(sign_checkpoint(Checkpoint("log.example/other", 7, bytes(32)), OTHER), 1, *NAMES)
    with pytest.raises(Refuted):
        policy.require(foreign)
    logless = Policy((), policy.witnesses, policy.groups, policy.quorum)
    assert logless.require(foreign, OTHER.key).checkpoint.origin == "log.example/other"
    with pytest.raises(Uncheckable, match="key"):
        logless.require(full)


def test_a_policy_may_demand_no_witness() -> None:
    policy = parse_policy(b"quorum none\n")
    assert not policy.demands
    assert policy.require(NOTE, LOG.key).cosignatures == {}


def test_what_the_format_allows_is_read_and_written_in_one_form() -> None:
    loose = f"# remark\n\t witness  W\t{vkey('W')} https://w.example/ \nquorum W\n   \n  # more\nlog {LOG.key.format()}"
    policy = parse_policy(loose.encode())
    strict = f"log {LOG.key.format()}\nwitness W {vkey('W')} https://w.example/\nquorum W\n"
    assert policy.format() == strict.encode()
    assert parse_policy(strict.encode()) == policy
    assert policy.without_urls().format() == strict.replace(" https://w.example/", "").encode()


def test_names_are_octets() -> None:
    kelvin, letter = "\u212a".encode(), b"K"
    text = b"witness %b %b\nwitness %b %b\ngroup \xff\xfe all %b %b\nquorum \xff\xfe\n" % (
        kelvin, vkey("a").encode(), letter, vkey("b").encode(), kelvin, letter,
    )  # fmt: skip
    assert parse_policy(text).format() == text
    # What Unicode takes for white space or line ends separates nothing here.
    odd = "witness a\u3000b {}\nquorum a\u3000b\n".format(vkey("a")).encode()
    assert parse_policy(odd).witnesses[0].name == "a\u3000b"


A, B = f"witness a {vkey('a')}\n", f"witness b {vkey('b')}\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        A,
        f"{A}quorum a\nquorum a\n",
        f"quorum a\n{A}",
        "quorum b\n",
        f"{A}{A}quorum a\n",
        f"{A}witness a {vkey('b')}\nquorum a\n",
        f"{A}witness b {vkey('a')}\nquorum a\n",
        f"{A}witness b {VerifierKey('other.name', 4, cosigner('a').key.key).format()}\nquorum a\n",
        f"{A}group a any a\nquorum a\n",
        f"witness none {vkey('a')}\nquorum none\n",
        f"{A}group none any a\nquorum none\n",
        f"{A}group g any none\nquorum g\n",
        f"{A}group g any\nquorum g\n",
        f"{A}group g all\nquorum g\n",
        f"{A}group g any a a\nquorum g\n",
        f"{A}group g any a\ngroup h any a\nquorum g\n",
        f"{A}{B}group g any a\ngroup h all b g\ngroup i any g\nquorum h\n",
        f"{A}group g any b\n{B}quorum g\n",
        f"{A}group g any g\nquorum g\n",
        f"{A}group g 0 a\nquorum g\n",
        f"{A}group g 2 a\nquorum g\n",
        f"{A}group g 01 a\nquorum g\n",
        f"{A}group g +1 a\nquorum g\n",
        f"{A}group g \u0661 a\nquorum g\n",
        f"{A}group g some a\nquorum g\n",
        f"{A}group g {'9' * 5000} a\nquorum g\n",
        f"{A.rstrip()} u v\nquorum a\n",
        f"{A}quorum a b\n",
        f"{A}quorum\n",
        f"{A}QUORUM a\n",
        f"{A}quorum a\r\n",
        f"{A}quorum a\n\0",
        f"witness a {LOG.key.format()}\nquorum a\n",
        f"log {LOG.key.format()}\nlog {LOG.key.format()}\nquorum none\n",
        "log x\nquorum none\n",
        "log\nquorum none\n",
        "witness a\nquorum none\n",
        "#" * POLICY_BYTES_MAX + "\nquorum none\n",
        "".join(f"witness w{n} {vkey(f'w{n}')}\n" for n in range(POLICY_WITNESSES_MAX + 1)) + "quorum none\n",
    ],
)
def test_a_policy_that_does_not_make_sense_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        parse_policy(text.encode())


def test_a_policy_of_the_size_that_the_standard_asks_for_is_taken() -> None:
    names = [f"w{n}" for n in range(32)]
    lines = [f"witness {name} {vkey(name)}\n" for name in names]
    lines += ["group g0 any w0\n", *(f"group g{n} all g{n - 1} w{n}\n" for n in range(1, 32)), "quorum g31\n"]
    policy = parse_policy("".join(lines).encode())
    assert policy.reached(names)
    assert not policy.reached(names[:-1])


def test_a_list_of_logs_holds_logs_only() -> None:
    text = f"# whom we know\nlog {LOG.key.format()}\nlog {OTHER.key.format()} https://log.example/\n"
    assert [line.key for line in parse_logs(text.encode())] == [LOG.key, OTHER.key]
    for wrong in (f"{text}quorum none\n", f"{text}log {LOG.key.format()}\n", "log\n", "log a b c\n"):
        with pytest.raises(Malformed):
            parse_logs(wrong.encode())


words = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]), min_size=1, max_size=8).filter(
    lambda word: word != "none" and not word.startswith("#")
)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    names = draw(st.lists(words, min_size=1, max_size=6, unique=True))
    urls = st.none() | words
    witnesses = tuple(PolicyWitness(name, cosigner(str(n)).key, draw(urls)) for n, name in enumerate(names))
    free, groups = list(names), []
    for name in draw(st.lists(words.filter(lambda word: word not in names), max_size=3, unique=True)):
        if not free:
            break
        members = draw(st.lists(st.sampled_from(free), min_size=1, unique=True))
        free = [word for word in free if word not in members] + [name]
        rule = draw(st.sampled_from(["all", "any", *map(str, range(1, len(members) + 1))]))
        groups.append(Group(name, rule, tuple(members)))
    logs = draw(st.sampled_from([(), (LogLine(LOG.key),), (LogLine(LOG.key, "u"), LogLine(OTHER.key))]))
    return Policy(logs, witnesses, tuple(groups), draw(st.sampled_from([*names, *(g.name for g in groups), "none"])))


@given(policies(), st.data())
def test_what_is_written_is_read_and_more_witnesses_never_make_less(policy: Policy, data: st.DataObject) -> None:
    assert parse_policy(policy.format()) == policy
    assert parse_policy(policy.format()).format() == policy.format()
    names = [witness.name for witness in policy.witnesses]
    some = data.draw(st.lists(st.sampled_from(names), unique=True))
    more = [*some, *data.draw(st.lists(st.sampled_from(names), unique=True))]
    assert policy.reached(names)
    assert policy.reached(more) or not policy.reached(some)


@settings(max_examples=200)
@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda text: f"{A}{text}".encode("utf-8", "replace")))
def test_whatever_comes_only_our_errors_come_out(data: bytes) -> None:
    try:
        policy = parse_policy(data)
    except Malformed:
        return
    assert parse_policy(policy.format()) == policy
