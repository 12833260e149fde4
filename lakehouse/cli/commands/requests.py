"""Commands for what persons ask: `c360 privacy request …`. They start no JVM."""

import json
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lakehouse.cli.app import Env, Role, loaded, show
from lakehouse.errors import ExitCode, InputError
from lakehouse.report import Grid, Report

if TYPE_CHECKING:
    from lakehouse.privacy.request_log import PrivacyRequest
    from lakehouse.privacy.subject import Given
    from lakehouse.settings.models import Settings

request = typer.Typer(
    no_args_is_help=True, help="What persons ask, and by when it must be answered."
)

RequestId = Annotated[str, typer.Argument(help="Id of the request.")]
By = Annotated[str, typer.Option(help="Who does it.")]
Why = Annotated[str, typer.Option(help="Why, in words that name nobody.")]

Kind = Annotated[
    str,
    typer.Argument(
        help="access, portability, rectification, erasure, restriction, objection or opt_out_of_sale."
    ),
]
From = Annotated[
    str | None,
    typer.Option(
        "--from",
        help="File with a line such as email=… for each thing that the person gave, or - for stdin: "
        "so nothing stands in the shell's history.",
    ),
]
Email = Annotated[list[str] | None, typer.Option(help="E-mail address.")]
Phone = Annotated[list[str] | None, typer.Option(help="Telephone number.")]
Number = Annotated[
    list[str] | None, typer.Option("--number", "--customer", help="Customer number in a source.")
]
Country = Annotated[str, typer.Option(help="Where the person lives, as ISO code or name.")]
Region = Annotated[str, typer.Option(help="State or province of the residence.")]
ScopeOption = Annotated[
    str,
    typer.Option("--scope", help="exact, or connected: all records of the same customers too."),
]
Confirm = Annotated[bool, typer.Option("--confirm", help="Confirm the scope connected.")]
PurposeOption = Annotated[
    str | None,
    typer.Option(
        "--purpose",
        help="Purpose of a restriction or objection; default: all that it can be about.",
    ),
]

_FACTS = ("name", "birth_date")


def add_to(group: typer.Typer) -> None:
    """Adds these commands to `c360 privacy`."""
    group.add_typer(request, name="request")


@request.command("open")
def open_(  # noqa: PLR0913, PLR0917 - each is an option of the command
    kind: Kind,
    by: By,
    given: From = None,
    email: Email = None,
    phone: Phone = None,
    number: Number = None,
    country: Country = "",
    region: Region = "",
    scope: ScopeOption = "exact",
    confirm: Confirm = False,
    purpose: PurposeOption = None,
    env: Env = "demo",
) -> None:
    """Register what a person asks for, and find the records that it is about.

    Records that match directly are included, each with its reason. Where several
    people fit, give what tells them apart. A request that the law does not give, or
    that finds nobody, ends at once and says why. Lines give email, phone, number,
    loyalty_number, national_id, social_handle, name or birth_date; only keyed
    hashes of identifiers are kept.

    Example: c360 privacy request open access --from - --country DE --by "A. Clerk"
    """
    from lakehouse.pipeline.privacy_intake import Asked, open_request, residence
    from lakehouse.privacy.request_log import Scope
    from lakehouse.settings.regimes import Right

    if scope not in tuple(Scope) or (scope == Scope.CONNECTED and not confirm):
        raise typer.BadParameter(
            "exact, or connected with --confirm: a wrong merge would show another person's data.",
            param_hint="--scope",
        )
    if kind not in tuple(Right):
        raise typer.BadParameter(f"choose from {', '.join(Right)}.", param_hint="KIND")
    options = (("email", email), ("phone", phone), ("number", number))
    lines = [*((name, value) for name, values in options for value in values or ()), *_lines(given)]
    code = residence(country) or ""
    asked = Asked(Right(kind), _given(lines, code), Scope(scope), code, region, purpose)
    _told(open_request(loaded(env), asked, by=by)[0])


def _lines(given: str | None) -> list[tuple[str, str]]:
    if given is None:
        return []
    try:
        text = sys.stdin.read() if given == "-" else Path(given).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise InputError(f"{given} cannot be read.", "name a text file, or - for stdin.") from None
    pairs = [line.partition("=") for line in text.splitlines() if line.strip()]
    return [(key.strip(), value.strip()) for key, _, value in pairs]


def _given(lines: list[tuple[str, str]], country: str) -> "Given":
    """What the lines say. Raises InputError that names a line by its number and kind alone."""
    from lakehouse.privacy.subject import IDENTIFIER_COLUMNS, Given, identifier

    facts: dict[str, str] = {}
    identifiers = []
    for line_number, (kind, value) in enumerate(lines, start=1):
        if kind in _FACTS:
            facts[kind] = value
            continue
        found = identifier(kind, value, country) if kind in IDENTIFIER_COLUMNS else None
        if found is None:
            wrong = kind if kind in IDENTIFIER_COLUMNS else "such line"
            known = ", ".join((*IDENTIFIER_COLUMNS, *_FACTS))
            raise InputError(
                f"Number {line_number} of what was given is no {wrong}.",
                f"give kind=value, of {known}; telephone numbers with + or with --country.",
            )
        identifiers.append(found)
    try:
        born = date.fromisoformat(facts["birth_date"]) if "birth_date" in facts else None
    except ValueError:
        raise InputError("The birth date is none.", "write it as yyyy-MM-dd.") from None
    return Given(tuple(identifiers), facts.get("name"), born)


@request.command("list")
def list_(
    everything: Annotated[bool, typer.Option("--all", help="Ended ones too.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="End with exit code 1 if one is late or due soon.")
    ] = False,
    role: Role = None,
    env: Env = "demo",
) -> None:
    """List requests, those that are due first in front, and warn of deadlines.

    Example: c360 privacy request list --check --env prod
    """
    from lakehouse.pipeline.privacy_requests import requests_for_reader

    settings = loaded(env, role=role)
    now = datetime.now(UTC)
    shown = [r for r in requests_for_reader(settings) if everything or r.is_open]
    laws = settings.regimes.regimes
    default = laws[settings.regimes.default]
    told = [(r, r.urgency(laws.get(r.regime, default), now)) for r in shown]
    rows = [
        (
            r.request_id,
            r.kind,
            r.scope,
            r.regime,
            r.taken[-1],
            f"{r.due_at:%Y-%m-%d}",
            urgency or why,
        )
        for r, urgency in told
        for why in [(r.ending or {}).get("note") or ""]
    ]
    columns = ("request", "kind", "scope", "law", "step", "due", "attention, or why it ended")
    warnings = [f"Request {r.request_id} is {urgency}." for r, urgency in told if urgency]
    lost = [r for r in shown if r.is_open and r.regime not in laws]
    warnings += [_without_law(r, default.name) for r in lost]
    show(Report(grids=(Grid("Requests", columns, rows),), warnings=tuple(warnings)))
    if check and warnings:
        raise typer.Exit(ExitCode.FAILED)


def _without_law(lost: "PrivacyRequest", default: str) -> str:
    return (
        f"Request {lost.request_id} is under {lost.regime}, which conf/base/regimes.yml does not have: "
        f"warned of as under {default}, and not answered before it is back."
    )


@request.command("show")
def show_(
    request_id: RequestId,
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON document.")] = False,
    role: Role = None,
    env: Env = "demo",
) -> None:
    """Show a request: its steps, and the keys of the records that it is about, with reasons. It is recorded.

    Words and names are shown as the role sees them, of a role that reads for a purpose of requests.

    Example: c360 privacy request show 20260105-3fa9c1d2
    """
    from lakehouse.pipeline.privacy_requests import request_for_reader
    from lakehouse.privacy.archive_files import plain_value

    found = request_for_reader(loaded(env, role=role), request_id)
    if as_json:
        typer.echo(json.dumps(plain_value(list(found.rows)), indent=2, sort_keys=True))
    else:
        _show_request(found)


@request.command()
def verify(
    request_id: RequestId,
    by: By,
    how: Annotated[str, typer.Option(help="How it was checked who asks.")],
    refused: Annotated[
        bool, typer.Option("--refused", help="The person is not who they say: the request ends.")
    ] = False,
    env: Env = "demo",
) -> None:
    """Record that it was checked who asks. Nothing personal leaves before.

    Example: c360 privacy request verify 20260105-3fa9c1d2 --by ana --how "Answered from her address"
    """
    step = "identity_refused" if refused else "identity_verified"
    _take(loaded(env), request_id, step, by, how)


@request.command()
def approve(request_id: RequestId, by: By, why: Why, env: Env = "demo") -> None:
    """Allow a request to be carried out, as somebody else than who registered or verified it.

    A restriction, objection or opt-out of sale holds from now on.

    Example: c360 privacy request approve 20260105-3fa9c1d2 --by maria --why "Nothing stands against it"
    """
    from lakehouse.pipeline import privacy_requests

    _told(privacy_requests.approve(loaded(env), request_id, by=by, note=why))


@request.command()
def refuse(request_id: RequestId, by: By, why: Why, env: Env = "demo") -> None:
    """Refuse a request, with the reason that the person is told.

    Example: c360 privacy request refuse 20260105-3fa9c1d2 --by maria --why "Asked and answered in May"
    """
    _take(loaded(env), request_id, "refused", by, why)


@request.command()
def extend(request_id: RequestId, by: By, why: Why, env: Env = "demo") -> None:
    """Extend the deadline once, by what the law allows.

    Example: c360 privacy request extend 20260105-3fa9c1d2 --by maria --why "Hundreds of letters"
    """
    from lakehouse.pipeline import privacy_requests

    _told(privacy_requests.extend(loaded(env), request_id, by=by, why=why))


@request.command()
def close(request_id: RequestId, by: By, why: Why, env: Env = "demo") -> None:
    """Close a request: all that it asks for is done, or the person withdrew it.

    Example: c360 privacy request close 20260105-3fa9c1d2 --by ana --why "Withdrawn by letter"
    """
    _take(loaded(env), request_id, "closed", by, why)


@request.command()
def lift(request_id: RequestId, by: By, why: Why, env: Env = "demo") -> None:
    """End what an executed restriction, objection or opt-out limits, from the next run on.

    Tell the person before you lift a restriction.

    Example: c360 privacy request lift 20260105-3fa9c1d2 --by maria --why "The claim is settled"
    """
    from lakehouse.pipeline import privacy_requests

    _told(privacy_requests.lift(loaded(env), request_id, by=by, why=why))


@request.command()
def deliver(
    request_id: RequestId,
    by: By,
    to: Annotated[
        Path | None,
        typer.Option(help="Folder for the archive of an access or portability request."),
    ] = None,
    why: Annotated[
        str, typer.Option(help="What the person is told of a rectification.")
    ] = "the person was told",
    env: Env = "demo",
) -> None:
    """Answer an approved request: write the archive, or record the correction that was decided.

    Look through the archive before you send it: free text may name other people.

    Example: c360 privacy request deliver 20260105-3fa9c1d2 --to answers --by "A. Clerk"
    """
    from lakehouse.pipeline.privacy_archive import deliver_archive
    from lakehouse.pipeline.privacy_requests import record_rectification

    settings = loaded(env)
    if to is None:
        _told(record_rectification(settings, request_id, by=by, why=why))
    else:
        show(Report(lines=(f"Archive: {deliver_archive(settings, request_id, to, by=by)}",)))


def _take(settings: "Settings", request_id: str, step: str, by: str, note: str) -> None:
    from lakehouse.pipeline.privacy_requests import take_step
    from lakehouse.privacy.request_log import Step

    _told(take_step(settings, request_id, Step(step), by=by, note=note))


def _line_of(found: "PrivacyRequest") -> str:
    return (
        f"Request {found.request_id}: {found.kind}, scope {found.scope}, {found.regime}, due "
        f"{found.due_at:%Y-%m-%d}; identity {'verified' if found.is_verified else 'not verified'}; "
        f"{len(found.record_keys)} records; {found.taken[-1]}."
    )


def _lines_of(found: "PrivacyRequest") -> list[str]:
    """What the request is, and how it ended, if it has."""
    if found.ending is None:
        return [_line_of(found)]
    return [
        _line_of(found),
        f"It has ended ({found.ending['step']}): {found.ending['note']}",
    ]


def _told(found: "PrivacyRequest") -> None:
    """What has become of it, to who has just taken a step: no words of others."""
    show(Report(lines=_lines_of(found)))


def _show_request(found: "PrivacyRequest") -> None:
    steps = [
        (f"{r['at']:%Y-%m-%d %H:%M}", r["step"], r["actor"], r["note"] or "") for r in found.rows
    ]
    records = [(key, found.reasons.get(key, "")) for key in found.record_keys]
    grids = (
        Grid("Steps", ("at", "step", "by", "note"), steps),
        Grid("Records", ("record", "why it is included"), records),
    )
    show(Report(lines=_lines_of(found), grids=grids))
