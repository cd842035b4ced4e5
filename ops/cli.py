"""The `swiftline` command: set up, run, call, look, transcribe. Results go to standard output."""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Literal

import click
from rich.console import Console

from config.settings import Settings, SettingsError, load_settings
from ops.supervisor import StartError, Supervisor

_say = Console(stderr=True, highlight=False)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """The open hotline a city can switch on."""


@main.command()
def setup() -> None:
    """Make var/, secrets, database, speech model, prompts, demo city and demo staff."""
    from ops.setup import prepare

    with _plain_errors():
        prepare(_say)


@main.command()
@click.option("--var", "var_dir", type=click.Path(path_type=Path), help="Use another var folder.")
def run(var_dir: Path | None) -> None:
    """Start the whole line on this machine and say how to call it. Ctrl-C stops it."""
    if var_dir:
        os.environ["SWIFTLINE_VAR_DIR"] = str(var_dir)
    from ops.programs import page
    from ops.setup import prepare

    with _plain_errors():
        settings = prepare(_say)
        supervisor = _started(settings)
        _say.print(page(settings))
        supervisor.run()
        _say.print("Stopped.")


@main.command()
@click.argument("scenario", default="pothole")
@click.option("--json", "as_json", is_flag=True, help="One event a line.")
def call(scenario: str, as_json: bool) -> None:
    """Let a scripted caller phone the line; starts the line for the call if need be."""
    from ops.programs import is_up
    from ops.rehearsal import rehearse, scenario_file
    from ops.setup import prepare

    with _plain_errors():
        script = scenario_file(scenario)
        settings = prepare(_say)
        supervisor = None if is_up(settings) else _started(settings)
        try:
            code = rehearse(settings, script, as_json=as_json)
        finally:
            if supervisor is not None:
                supervisor.stop()
    sys.exit(code)


@main.command()
@click.argument("number")
def ticket(number: str) -> None:
    """Print one ticket as JSON."""
    from infra.db import Database
    from tickets.queries import ticket_json

    settings = load_settings()
    with Database(settings.database).read() as session:
        found = ticket_json(session, number)
    if found is None:
        raise click.ClickException("no ticket has this number; check its digits")
    click.echo(json.dumps(found, ensure_ascii=False, indent=2))


@main.command("dead-letters")
@click.option("--keys", "job", metavar="JOB", help="The keys of one job's rows.")
def print_dead_letters(job: str | None) -> None:
    """Print work that was given up, with the reason; one JSON line for each kind."""
    from infra.db import Database
    from infra.outbox.dead_letters import dead_letters, keys_of
    from infra.spool import Spool

    settings = load_settings()
    with Database(settings.database).read() as session:
        if job:
            click.echo("\n".join(keys_of(session, job)))
            return
        for each in dead_letters(session):
            facts = asdict(each) | {"since": each.since.isoformat()}
            click.echo(json.dumps(facts, ensure_ascii=False))
    if count := Spool(settings.spool).dead_letters():
        click.echo(json.dumps({"callbacks": count, "file": "dead-letters.spool"}))


@main.command("retry")
@click.option("--job", help="All dead letters of this job.")
@click.option("--key", help="The row of this key.")
@click.option("--callbacks", is_flag=True, help="The callbacks kept in dead-letters.spool.")
@click.option("--all", "everything", is_flag=True, help="All of it.")
def retry_dead_letters(job: str | None, key: str | None, callbacks: bool, everything: bool) -> None:
    """Try again what was given up. It is worked by the line when it runs."""
    from infra.db import Database
    from infra.outbox.dead_letters import retry
    from infra.spool import Spool

    if not (job or key or callbacks or everything):
        raise click.UsageError("say what: --job, --key, --callbacks or --all")
    settings = load_settings()
    count = 0
    if job or key or everything:
        with Database(settings.database).transaction("cli.retry") as session:
            count += retry(session, job=job, key=key)
    if callbacks or everything:
        count += Spool(settings.spool).retry()
    click.echo(f"{count} to be tried again")
    sys.exit(0 if count else 1)


@main.command()
@click.option("--lang", default="en", help="Language of the speech.")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
def transcribe(lang: str, files: tuple[Path, ...]) -> None:
    """Recognise sound files: one JSON line for each, on standard output."""
    from asr.batch import transcribe_file
    from asr.models.pool import Models
    from asr.words import AsrError

    with _plain_errors():
        model = Models(load_settings()).model(lang)
    failed = False
    for file in files:
        try:
            click.echo(json.dumps(transcribe_file(model, file), ensure_ascii=False))
        except AsrError as error:
            failed = True
            _say.print(f"{file}: {error}", markup=False)
    sys.exit(1 if failed else 0)


@main.command()
@click.option("--as", "kind", type=click.Choice(["emergency"]), required=True, help="As what.")
@click.option("--lang", help="Language of the words; the first of the line by default.")
def understand(kind: str, lang: str | None) -> None:
    """Say what a call would understand: lines of text in, one JSON line out for each."""
    from config.city import load_city
    from config.toml_models import ConfigError
    from ops.understand import understood

    settings = load_settings()
    language = lang or settings.language_list[0]
    try:
        city = load_city(settings.city)
        for text in sys.stdin:
            meant = understood(city, text.rstrip("\n"), language, kind=kind)
            click.echo(json.dumps(meant, ensure_ascii=False))
    except ConfigError as error:
        raise click.ClickException(str(error)) from None


@main.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def doctor(as_json: bool) -> None:
    """Say what is wrong with this set-up and how to mend it."""
    from ops.doctor import as_json as facts
    from ops.doctor import examine, in_words

    findings = examine()
    if as_json:
        click.echo(json.dumps([facts(finding) for finding in findings], indent=2))
    else:
        for finding in findings:
            click.echo(in_words(finding))
    sys.exit(1 if any(finding.level == "wrong" for finding in findings) else 0)


@main.group()
def user() -> None:
    """People who sign in."""


@user.command("add")
@click.argument("username")
@click.option("--name", required=True)
@click.option("--role", "roles", multiple=True, required=True)
@click.option("--department")
@click.password_option()
def add_user(
    username: str, name: str, roles: tuple[str, ...], department: str | None, password: str
) -> None:
    """Add a person."""
    from infra.db import Database
    from web.access.guard import Role
    from web.access.passwords import PasswordRefused
    from web.access.staff import StaffError, add_staff

    try:
        held = tuple(Role(role) for role in roles)
    except ValueError:
        known = ", ".join(role.value for role in Role)
        raise click.BadParameter(f"expected one of {known}", param_hint="--role") from None
    try:
        with Database(load_settings().database).transaction("cli.add_user") as session:
            add_staff(
                session,
                username=username,
                name=name,
                password=password,
                roles=held,
                department=department,
            )
    except (StaffError, PasswordRefused) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"added {username}")


def _started(settings: Settings) -> Supervisor:
    from ops.programs import programs

    began = time.monotonic()
    supervisor = Supervisor(settings.var_dir, programs(settings))
    with _say.status("starting") as status:
        supervisor.start(lambda name: status.update(f"{name} is ready"))
    _say.print(f"Ready in {time.monotonic() - began:.1f} s.")
    return supervisor


class _plain_errors:
    """One sentence instead of a stack trace for what a person can mend."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> Literal[False]:
        from asr.words import AsrError
        from config.toml_models import ConfigError

        if isinstance(error, (StartError, SettingsError, AsrError, ConfigError)):
            _say.print(f"swiftline: {error}", markup=False, style="bold red")
            sys.exit(1)
        return False


if __name__ == "__main__":
    main()
