"""`/robots.txt` and `/sitemap.xml`: what search engines may show. Individual businesses are in neither list.

The sitemap names the first pages and campaigns (sitemaps.org protocol 0.9); enterprises are reached through campaigns.
"""

from __future__ import annotations

from typing import Final
from xml.etree import ElementTree

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.pages.rendering import in_english
from api.service.service import Service

__all__ = ["router"]

_NAMESPACE: Final = "http://www.sitemaps.org/schemas/sitemap/0.9"
_ALWAYS: Final = ("/", "/verify", "/how", "/help", "/data", "/figures", "/s")
#: Answers of programs, and lists that somebody searched for: nothing of that is a page.
_NOT_INDEXED: Final = (
    "/v1/",
    "/entries/",
    "/receipts/",
    "/tile/",
    "/m/",
    "/en/m/",
    "/search",
    "/en/search",
    "/metrics",
    "/complain",
    "/en/complain",
)
_HOUR: Final = {"Cache-Control": "public, max-age=3600", "X-Content-Type-Options": "nosniff"}

router = APIRouter()


@router.api_route("/robots.txt", methods=["GET", "HEAD"], include_in_schema=False)
def get_robots(request: Request) -> Response:
    service: Service = request.app.state.service
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in _NOT_INDEXED)]
    lines += [f"Sitemap: {service.public_url}/sitemap.xml", ""]
    return Response("\n".join(lines), headers=_HOUR, media_type="text/plain; charset=utf-8")


@router.api_route("/sitemap.xml", methods=["GET", "HEAD"], include_in_schema=False)
def get_sitemap(request: Request) -> Response:
    service: Service = request.app.state.service
    campaigns = [f"/c/{subject.partition(':')[2]}" for subject, _ in service.views.declarations.campaigns()]
    root = ElementTree.Element("urlset", xmlns=_NAMESPACE)
    for path in (*_ALWAYS, *campaigns):
        for address in (path, in_english(path)):
            ElementTree.SubElement(ElementTree.SubElement(root, "url"), "loc").text = service.public_url + address
    content = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return Response(content, headers=_HOUR, media_type="application/xml")
