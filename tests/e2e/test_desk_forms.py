"""Addresses of forms over plain HTTP: whose they are, what they may fill in, where one may go on afterwards."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.book import Book
from tests.support.charter import ORGANIZER, REGULATOR
from tests.support.desks import DeskVisitor
from tests.support.statements import ENTERPRISE

FORM = "/desk/act/StandardDeclared"


@pytest.fixture(scope="module")
def organizer(book: Book) -> Iterator[DeskVisitor]:
    with DeskVisitor(book.service.url) as visitor:
        yield visitor.sign_in(ORGANIZER)


def test_a_party_is_offered_what_it_may_sign_and_refused_the_rest(organizer: DeskVisitor, book: Book) -> None:
    acts = organizer.http.get("/en/desk/act").text
    assert "/en/desk/act/CampaignOpened" in acts and "ComplaintReplied" not in acts
    assert organizer.http.get("/desk/act/CampaignOpened").status_code == 200
    assert organizer.http.get("/desk/act/ComplaintReplied").status_code == 403
    assert organizer.http.get("/desk/act/Unheard").status_code == 404
    with DeskVisitor(book.service.url) as regulator:
        regulator.sign_in(REGULATOR)
        assert regulator.http.get("/desk/act/FindingRecorded").status_code == 200
        assert regulator.http.get("/desk/act/CampaignOpened").status_code == 403
    with DeskVisitor(book.service.url) as nobody:
        assert nobody.http.get("/desk/act/CampaignOpened").headers["location"] == "/desk/sign-in"


@pytest.mark.parametrize(
    "query",
    [f"subject={ENTERPRISE}", "title=%E6%B0%B4&evidence.row=3", "products.0.name=a&products.12.model=b", "executed=a"],
)
def test_an_address_fills_in_fields_by_the_names_of_the_reference_page(organizer: DeskVisitor, query: str) -> None:
    assert organizer.http.get(f"{FORM}?{query}").status_code == 200


@pytest.mark.parametrize(
    "query", ["nonsense=1", "products=1", "products.x.name=1", "evidence=1", "v=2", "type=PledgeMade"]
)
def test_what_a_form_does_not_have_is_refused_by_name(organizer: DeskVisitor, query: str) -> None:
    answer = organizer.http.get(f"{FORM}?{query}")
    assert answer.status_code == 422
    assert "依据" in answer.text and "evidence" not in answer.text, "what there is, is named as the form names it"


def test_what_the_browser_makes_itself_is_filled_in_by_no_address(organizer: DeskVisitor) -> None:
    assert organizer.http.get("/desk/act/MarkLicensed?count=3").status_code == 200
    for name in ("seed", "serials_root"):
        assert organizer.http.get(f"/desk/act/MarkLicensed?{name}={'a' * 64}").status_code == 422


@pytest.mark.parametrize("back", ["/desk", "/en/desk/pending?campaign=2026&cursor=1.ab", "/desk/pending/ab%2D1"])
def test_one_goes_on_at_a_desk_of_this_site(organizer: DeskVisitor, back: str) -> None:
    answer = organizer.http.get(FORM, params={"back": back})
    assert answer.status_code == 200 and 'id="back"' in answer.text


@pytest.mark.parametrize(
    "back",
    [
        "https://elsewhere.example/",
        "//elsewhere.example/desk",
        "/desk/../e/1",
        "/desk/%2e%2E?x=1",
        "/desk//elsewhere",
        "javascript:x",
        "/e/1",
        "/desk/\\x",
    ],
)
def test_nobody_is_led_elsewhere_by_a_link_to_a_form(organizer: DeskVisitor, back: str) -> None:
    answer = organizer.http.get(FORM, params={"back": back})
    assert answer.status_code == 422
    assert "elsewhere" not in answer.text


def test_a_form_page_is_small(organizer: DeskVisitor) -> None:
    assert len(organizer.http.get("/desk/act/StandingPolicyProposed").content) < 60_000
