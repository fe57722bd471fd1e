"""Who may open the desk for complaints: officers of handling bodies; each look is logged, refused ones too."""

from __future__ import annotations

from starlette.requests import Request

from api.desk.complaints.case_keeping import ComplaintFiles
from api.desk.frame import not_for_this_desk
from api.desk.roles import Officer
from api.desk.work_lists import log_look
from api.service.service import Service

__all__ = ["complaint_files", "look", "require_handling_body"]


def complaint_files(request: Request) -> ComplaintFiles:
    files: ComplaintFiles = request.app.state.complaint_files
    return files


def require_handling_body(service: Service, request: Request, officer: Officer) -> None:
    """Raises `AccessDenied` (403) for other roles."""
    if not handles_complaints(officer):
        log_look(request, officer, "refused")
        raise not_for_this_desk()


def look(service: Service, request: Request, officer: Officer, subject: str | None = None) -> None:
    """Write down that somebody looks, before anything is shown."""
    log_look(request, officer, "served", subject)


def handles_complaints(officer: Officer) -> bool:
    return "handling_body" in officer.roles
