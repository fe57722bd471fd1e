"""`follow`: verify a log as it grows, and tell of what concerns a subject."""

from __future__ import annotations

import contextlib
import json
import sys
import tempfile
from pathlib import Path

import click

from api.cli.options import FILE
from api.cli.output import explain
from api.cli.progress_bar import progress_bar
from api.http.enterprise_ids import subject_of
from api.monitor.atomic_files import keep_evidence, only_one
from api.monitor.checkpoint_growth import Inconsistent
from api.monitor.graceful_shutdown import GracefulShutdown
from api.monitor.log_source import LogSource
from api.monitor.monitor import FollowedSubjects, Monitor
from api.monitor.monitor_state import FollowState
from api.monitor.notices import Noticed
from api.monitor.retry import keep_going
from api.monitor.trust_on_first_use import believed
from api.monitor.webhook import Webhook, read_secrets
from ledger.domain.values.subject import parse
from ledger.errors import LedgerError, Malformed, Unavailable
from ledger.limits import FOLLOW_SUBJECTS_MAX, FOLLOW_TRIES_MAX

__all__ = ["follow"]


@click.command()
@click.argument("url")
@click.option("--subject", "subjects", multiple=True, metavar="ID", help="Whom to tell of; everything if not given.")
@click.option("--trust", "trust_path", type=FILE, help="What you believe beforehand: the log's trust file.")
@click.option(
    "--state",
    "state_path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="What is remembered between runs. Without it everything is read again, and a fork in between is not seen.",
)
@click.option("--webhook", "webhook_url", metavar="URL", help="Post events there, instead of printing them.")
@click.option("--webhook-secret", "secret_path", type=FILE, help="Signs what is posted: a line whsec_<base64>.")
@click.option("--from-now", is_flag=True, help="At the first run: check what is there, but tell only of what comes.")
@click.option("--once", is_flag=True, help="Look once.")
@click.option("--interval", type=click.FloatRange(min=0.1), default=10.0, show_default=True, help="Seconds.")
@click.option("--json", "as_json", is_flag=True, help="For a program: an event a line.")
@click.pass_context
def follow(
    ctx: click.Context,
    url: str,
    *,
    subjects: tuple[str, ...],
    trust_path: Path | None,
    state_path: Path | None,
    webhook_url: str | None,
    secret_path: Path | None,
    from_now: bool,
    once: bool,
    interval: float,
    as_json: bool,
) -> None:
    """Verify the log at URL (a service or a mirror) as it grows; print or post the events about subjects.

    Exit code 1 as soon as the log contradicts itself or what it signed: the evidence lies beside the state file. With
    --once 0 if all holds, 2 if it could not be checked; else it keeps trying until SIGTERM.
    """
    if (webhook_url is None) != (secret_path is None):
        raise click.UsageError("--webhook and --webhook-secret go together")
    if len(subjects) > FOLLOW_SUBJECTS_MAX:
        raise click.UsageError(f"at most {FOLLOW_SUBJECTS_MAX} subjects")
    stopping = GracefulShutdown()
    with contextlib.ExitStack() as stack:
        if state_path is None:
            state_path = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "state.json"
            evidence_path = Path("credit-ledger-follow")
        else:
            evidence_path = state_path
        stack.enter_context(only_one(state_path.with_name(state_path.name + ".lock")))
        source = stack.enter_context(LogSource(url))
        webhook = None
        if webhook_url is not None and secret_path is not None:
            tries = FOLLOW_TRIES_MAX if once else None
            webhook = Webhook(webhook_url, read_secrets(secret_path), tries_max=tries, say=_say)
            stack.callback(webhook.close)
        stack.enter_context(stopping.listening())
        wanted = tuple(map(_subject, subjects))
        origin = url
        follower: Monitor | None = None
        progress = stack.enter_context(progress_bar()) if sys.stderr.isatty() else None
        task = None if progress is None else progress.add_task("verifying", total=None)

        def step(done: int, size: int) -> None:
            if progress is not None and task is not None:
                progress.update(task, completed=done, total=size)

        def one_round() -> None:
            nonlocal follower, origin
            if follower is None:
                before = FollowState.load(state_path)
                remembered = before.trust.encode() if before is not None and trust_path is None else None
                trust, text = believed(trust_path, remembered, source, _say)
                origin = trust.origin
                follower = Monitor(
                    source,
                    trust,
                    _Posting(webhook) if webhook is not None else _Printing(as_json),
                    FollowedSubjects(state_path, wanted, "" if trust_path is not None else text.decode(), from_now),
                    stopping=stopping,
                    progress=step,
                )
            follower.round()

        try:
            keep_going(one_round, once=once, interval=interval, say=lambda error: _say(explain(error)[0]))
        except Inconsistent as found:
            kept = keep_evidence(evidence_path, found)
            _say(f"日志不一致 / THE LOG IS INCONSISTENT ({found.kind})\n{found.zh}\n{found.en}\n{kept}")
            if webhook is not None:
                with contextlib.suppress(Unavailable):
                    webhook.shout(origin, found)
            ctx.exit(1)


class _Printing:
    one_by_one = False

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json

    def deliver(self, noticed: Noticed) -> None:
        line = json.dumps(noticed.document(), ensure_ascii=False) if self._as_json else noticed.line()
        click.echo(line)  # flushes


class _Posting:
    one_by_one = True

    def __init__(self, webhook: Webhook) -> None:
        self._webhook = webhook

    def deliver(self, noticed: Noticed) -> None:
        self._webhook.deliver(noticed)


def _subject(text: str) -> str:
    """An enterprise as on its licence or by its subject id, or the id of another stream (`party:…`, `policy`)."""
    try:
        return parse(text)
    except Malformed:
        pass
    try:
        return subject_of(text)
    except LedgerError as error:
        raise click.BadParameter(str(error), param_hint="--subject") from error


def _say(text: str) -> None:
    click.echo(f"credit-ledger: {text}", err=True)
