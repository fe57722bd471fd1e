"""Asking for a key, over HTTP: who may ask for what, who sees it, who approves it, and what an asker learns."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from ledger.domain.values.dates import shanghai_date
from ledger.domain.values.subject import own_party
from ledger.keys.proof_of_possession import prove_possession
from ledger.keys.signer import Signer
from ledger.limits import ENROLMENTS_PER_CLIENT_MAX
from tests.e2e.book import Book, today
from tests.support.charter import ORGANIZER, ORIGIN, REGISTRAR, REGULATOR, Speaker
from tests.support.desks import DeskVisitor
from tests.support.keys import signer_for
from tests.support.reading import authorization, token
from tests.support.statements import ENTERPRISE, OTHER_ENTERPRISE, party_enrolled

PARTY, OTHER = own_party(ENTERPRISE), own_party(OTHER_ENTERPRISE)
PATH = "/desk/key/requests"


@pytest.fixture(scope="module")
def registrar(book: Book) -> Iterator[DeskVisitor]:
    """Of a book with an enterprise that has a key, and another one that is no party yet."""
    for subject, name in ((ENTERPRISE, "甲企业有限公司"), (OTHER_ENTERPRISE, "乙企业有限公司")):
        book.enterprise(subject, name=name)
    book.own_key(ENTERPRISE)
    book.get(f"/v1/enterprises?min_tree_size={book.size()}")  # the desk shows names by the read models
    with DeskVisitor(book.service.url) as visitor:
        yield visitor.sign_in(REGISTRAR)


@pytest.fixture(scope="module")
def owner(book: Book, registrar: DeskVisitor) -> Iterator[DeskVisitor]:
    """The officer of the enterprise that has a key."""
    with DeskVisitor(book.service.url) as visitor:
        yield visitor.sign_in(Speaker(PARTY, signer_for(ENTERPRISE), "owner"))


def fields(signer: Signer, party: str, **given: Any) -> dict[str, Any]:
    """As the page sends them; `given` takes the place of what is right."""
    proof = prove_possession(signer, party, ORIGIN)
    return {
        "party": party,
        "officer": "quality-1",
        "key": signer.public.cose_key.hex(),
        "proof": proof.hex(),
        "recovers": False,
        **given,
    }


def ask(book: Book, asked: dict[str, Any], **headers: str) -> httpx.Response:
    return book.http.post(PATH, json=asked, headers={"Origin": book.service.url, **headers})


def state(book: Book, signer: Signer) -> dict[str, Any]:
    found: dict[str, Any] = book.get(f"{PATH}/{signer.kid.hex()}").json()
    return found


def key(label: str) -> Signer:
    return signer_for(f"asked {label}", "p256")


def drop(registrar: DeskVisitor, *signers: Signer) -> None:
    for one in signers:
        refusal = f"/desk/registrar/{one.kid.hex()}/refusal"
        answer = registrar.http.post(
            refusal,
            data={"form_token": registrar.form_token(), "reason": "测试完毕"},
            headers={"Origin": registrar.web_origin},
        )
        assert answer.status_code == 303, answer.text


def test_a_registrar_refuses_with_a_reason_that_the_asker_reads_by_thumbprint_alone(
    book: Book, registrar: DeskVisitor
) -> None:
    signer = key("first")
    assert state(book, signer) == {"state": "unknown"}
    asked = ask(book, fields(signer, OTHER))
    assert (asked.status_code, asked.json()) == (201, {"state": "waiting"})
    kid = signer.kid.hex()
    page = registrar.http.get(f"/desk/registrar/{kid}").text
    assert "乙企业有限公司" in page and "尚未登记为主体" in page and " ".join((kid[:8], kid[8:16])) in page
    refused = f"/desk/registrar/{kid}/refusal"
    for prefix, named in (("", "请写一行理由"), ("/en", "a reason of one line")):
        for reason, said in (("", named), ("x" * 513, named), ("联系 13800138000", "")):
            answer = registrar.submit(prefix + refused, fields={"reason": reason})
            assert answer.status_code == 422 and said in answer.text, reason
            assert 'aria-invalid="true"' in answer.text and f'value="{reason}"' in answer.text, "nothing typed is lost"
    assert state(book, signer) == {"state": "waiting"}
    drop(registrar, signer)
    assert state(book, signer) == {"state": "refused", "reason": "测试完毕"}
    assert ask(book, fields(signer, OTHER, officer="quality-2")).status_code == 201, "asked again, it waits again"
    assert state(book, signer) == {"state": "waiting"}
    drop(registrar, signer)


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"party": OTHER}, 400),  # the proof is for another party
        ({"officer": "张三"}, 400),
        ({"officer": "13800138000"}, 400),
        ({"proof": "00"}, 400),
        ({"contact": "somebody"}, 400),
        ({"recovers": "yes"}, 400),
    ],
)
def test_what_is_not_in_order_is_not_taken(
    book: Book, registrar: DeskVisitor, given: dict[str, Any], status: int
) -> None:
    signer = key("not in order")
    answer = ask(book, fields(signer, PARTY) | given)
    assert answer.status_code == status, answer.text
    assert state(book, signer) == {"state": "unknown"}
    assert "13800138000" not in answer.text and "张三" not in answer.text


def test_nobody_asks_for_the_root_for_a_resident_from_another_site_or_for_what_is_enrolled(
    book: Book, registrar: DeskVisitor
) -> None:
    signer = key("nobody")
    assert ask(book, fields(signer, "party:root")).json()["rule"] == "root.by_root_only"
    resident = "party:uscc:11010519491231002X"
    answer = ask(book, fields(signer, resident))
    assert answer.json()["rule"] == "identity.resident_number" and resident[11:] not in answer.text
    assert ask(book, fields(signer, PARTY), Origin="https://elsewhere.example").status_code == 403
    assert ask(book, fields(signer_for(ENTERPRISE), PARTY)).json()["rule"] == "key.already_enrolled"
    assert ask(book, fields(signer, OTHER, recovers=True)).json()["rule"] == "enrolment.nothing_to_recover"
    assert ask(book, fields(signer, PARTY, officer="x" * 5_000)).status_code == 413
    assert state(book, signer) == {"state": "unknown"}


def test_a_further_key_is_for_the_partys_own_officers_and_no_other_party_sees_it(
    book: Book, registrar: DeskVisitor, owner: DeskVisitor
) -> None:
    further, elsewhere = key("further"), key("elsewhere")
    assert ask(book, fields(further, PARTY, officer="quality-2")).status_code == 201
    assert ask(book, fields(elsewhere, OTHER)).status_code == 201
    own, others = further.kid.hex(), elsewhere.kid.hex()
    page = owner.http.get("/desk/officers").text
    assert own in page and others not in page
    assert 'data-act="KeyEnrolled"' in owner.http.get(f"/desk/officers/{own}").text
    assert "data-act" not in registrar.http.get(f"/desk/registrar/{own}").text, "not the registrar's to approve"
    absent, theirs = owner.http.get(f"/desk/officers/{'0' * 64}"), owner.http.get(f"/desk/officers/{others}")
    assert (theirs.status_code, theirs.text.replace(others, "0" * 64)) == (404, absent.text)
    assert owner.submit(f"/desk/officers/{others}/refusal").status_code == 404
    assert owner.http.get("/desk/registrar").status_code == 403
    path = f"/v1/accesses?day={shanghai_date(int(time.time()))}"
    rows = book.get(path, headers=authorization(token(REGULATOR, path))).json()["accesses"]
    seen = {(row["party"], row["outcome"], row["resource"]) for row in rows}
    assert (PARTY, "refused", f"/desk/officers/{others}") in seen
    assert (REGISTRAR.party, "served", f"/desk/registrar/{own}") in seen

    speaker = Speaker(PARTY, further, "quality-2")
    book.enrol(speaker, Speaker(PARTY, signer_for(ENTERPRISE), "owner"), officer="quality-2")
    assert state(book, further) == {"state": "enrolled"}
    assert own not in registrar.http.get("/desk/registrar").text, "what is in the book waits no more"
    with DeskVisitor(book.service.url) as visitor:
        assert "quality-2" in visitor.sign_in(speaker).http.get("/desk/officers").text
    drop(registrar, elsewhere)


def test_a_client_fills_its_own_share_and_the_requests_last_over_a_restart(book: Book, registrar: DeskVisitor) -> None:
    party = own_party("local:shop/77")
    keys = [key(f"many {number}") for number in range(ENROLMENTS_PER_CLIENT_MAX + 1)]
    answers = [ask(book, fields(one, party)) for one in keys]
    assert [one.status_code for one in answers] == [201] * ENROLMENTS_PER_CLIENT_MAX + [400]
    assert answers[-1].json()["rule"] == "enrolment.client_max"
    assert ask(book, fields(keys[0], party, officer="other-name")).status_code == 201, "the same key takes no more room"
    book.service.kill()
    book.service.start()
    assert state(book, keys[0]) == {"state": "waiting"}
    drop(registrar, keys[0])
    assert ask(book, fields(keys[-1], party)).status_code == 201
    drop(registrar, *keys[1:])


def test_a_recovered_key_is_told_with_the_end_of_its_waiting_time(book: Book, registrar: DeskVisitor) -> None:
    recovered = key("recovered")
    assert ask(book, fields(recovered, ORGANIZER.party, recovers=True)).status_code == 201
    page = registrar.http.get(f"/desk/registrar/{recovered.kid.hex()}").text
    assert 'data-act="KeyRecovered"' in page and ORGANIZER.signer.kid.hex() in page
    assert today().isoformat() in page
    drop(registrar, recovered)
    party = own_party("local:shop/78")
    book.enterprise(party.removeprefix("party:"))
    book.register(party_enrolled(effective_on=today(), name_zh=party.removeprefix("party:")), party, REGISTRAR)
    opaque = key("opaque")
    assert ask(book, fields(opaque, party)).status_code == 201
    assert 'data-act="KeyEnrolled"' in registrar.http.get(f"/desk/registrar/{opaque.kid.hex()}").text
    drop(registrar, opaque)
