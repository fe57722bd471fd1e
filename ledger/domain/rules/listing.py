"""What may be said about listings: a window in order, one live listing per product, delisted once."""

from __future__ import annotations

from typing import Final

from ledger.domain.events.listing import ProductDelisted, ProductListed
from ledger.domain.rules.enterprise import require_registered
from ledger.domain.rules.spec import Context, UniqueFact, spec
from ledger.domain.state.listing import LISTINGS, Listing, product_key
from ledger.domain.state.record import EnterpriseRecord
from ledger.errors import Refused
from ledger.limits import LISTINGS_MAX, LISTINGS_PER_PRODUCT_MAX

__all__ = ["EVENTS"]

_Facts = tuple[UniqueFact, ...]
_Record = EnterpriseRecord | None


def list_product(record: _Record, event: ProductListed, ctx: Context) -> _Facts:
    """For a window in order, in which the product is not listed on any other day."""
    record = require_registered(record, ctx)
    listings = LISTINGS.of(record)
    if event.window_from > event.window_until:
        raise Refused(
            "listing.window_order",
            "公布期的起始日期晚于截止日期",
            "the window of a listing begins on its last day or before",
            f"{event.window_from} – {event.window_until}",
        )
    if event.window_until < event.effective_on:
        raise Refused(
            "listing.window_over",
            "公布期在生效之前已经结束",
            "the window was over before the listing took effect",
            str(event.window_until),
        )
    siblings = listings.by_product.get(product_key(event.product), ())
    for entry in siblings:
        other = listings.by_entry[entry]
        if entry not in record.repudiated and other.covers(event.window_from, event.window_until, record.repudiated):
            raise Refused(
                "listing.one_live_per_product",
                f"该产品在此期间已列入（第 {entry} 条记录，{other.window_from} 至 {other.window_until}）",
                f"the product is listed by entry {entry} from {other.window_from} to {other.window_until}",
                event.product.name,
            )
    if len(siblings) >= LISTINGS_PER_PRODUCT_MAX or len(listings.by_entry) >= LISTINGS_MAX:
        raise Refused(
            "listing.max",
            f"一家企业最多登记 {LISTINGS_MAX} 次列入，一种产品最多 {LISTINGS_PER_PRODUCT_MAX} 次",
            f"an enterprise has {LISTINGS_MAX} listings at most, a product {LISTINGS_PER_PRODUCT_MAX}",
        )
    return ()


def delist(record: _Record, event: ProductDelisted, ctx: Context) -> _Facts:
    """Of a listing of this stream, once, before its window is over; a laboratory only of its own."""
    record = require_registered(record, ctx)
    found = _listing(record, event.listing)
    if "organizer" not in ctx.roles and found.issuer != ctx.issuer:
        raise Refused(
            "listing.not_own",
            "检验机构只能撤下自己列入的产品",
            "a laboratory delists only what it listed itself",
            found.issuer,
        )
    end = found.delisted(record.repudiated)
    if end is not None:
        raise Refused(
            "listing.delisted_once",
            f"该产品已由第 {end.index} 条记录撤下，自 {end.effective_on} 起",
            f"it was delisted by entry {end.index}, from {end.effective_on}",
            str(event.listing),
        )
    if not found.effective_on <= event.effective_on <= found.window_until:
        raise Refused(
            "listing.outside_window",
            f"只能在列入之日 {found.effective_on} 至公布期截止日 {found.window_until} 之间撤下",
            f"a listing is ended from the day on which it took effect, {found.effective_on}, to its last, "
            f"{found.window_until}",
            str(event.effective_on),
        )
    return ()


def _listing(record: EnterpriseRecord, entry: int) -> Listing:
    found = LISTINGS.of(record).by_entry.get(entry)
    if found is None or entry in record.repudiated:
        raise Refused(
            "listing.no_such_listing",
            "该企业没有这项列入记录（或已被否认）",
            "this enterprise has no such listing (or it was repudiated)",
            str(entry),
        )
    return found


_BY_WHOM: Final = ("organizer", "laboratory")
EVENTS: Final = (
    spec("enterprise", ProductListed, _BY_WHOM, list_product),
    spec("enterprise", ProductDelisted, _BY_WHOM, delist),
)
