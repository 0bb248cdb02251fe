"""What a person types to register and watch the operations of clients: `atrium operations ...`."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from atrium.format import AsFormat, Format
from atrium.registry_cli import ApiKey, Data, Endpoint, Graph, Organization, Reason, Revision

if TYPE_CHECKING:
    from atrium.registry import Reach

operations = typer.Typer(
    help="What clients register, how strictly they are kept to it, and how it is used.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Client = Annotated[str, typer.Option(help="The client, as it names itself (graphql-client-name).")]
AnyClient = Annotated[str | None, typer.Option("--client", help="The client, as it names itself.")]
Days = Annotated[int, typer.Option(help="Counted back from now.", min=1, max=366)]


class Mode(StrEnum):
    """How strictly a client is kept to what it registered; `default`: as clients without a mode are."""

    OFF = "off"
    LOG = "log"
    KNOWN = "known"
    ID = "id"
    DEFAULT = "default"


@operations.command("publish")
def publish(
    manifests: Annotated[
        list[Path],
        typer.Argument(help="Manifests, - for stdin: Apollo's format, or Relay's."),
    ],
    client: Client,
    version: Annotated[str, typer.Option(help="Its version (graphql-client-version).")],
    contract: Annotated[
        str, typer.Option(help="The contract whose schema it sees; by default the whole graph.")
    ] = "",
    replace: Annotated[
        bool, typer.Option("--replace", help="Give a version that is there these operations instead.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only check, and register nothing.")] = False,
    graph: Graph = "atrium",
    organization: Organization = None,
    endpoint: Endpoint = None,
    api_key: ApiKey = None,
    reason: Reason = "",
    git_revision: Revision = None,
    format: AsFormat = Format.TEXT,
    data: Data = Path(".atrium"),
) -> None:
    """Register the operations of a client version, if all of them fit the active schema.

    When one does not, nothing is changed, every reason is on stderr and the exit code is 1. The same again
    changes nothing and is no error.

    \b
    Example:
      atrium operations publish --client web --version 1.4.0 persisted-query-manifest.json
    """
    from atrium.operations import Publication, read_manifests
    from atrium.operations_commands import publish_command
    from atrium.registry_commands import git_revision as checked_out

    wish = Publication(
        client=client,
        version=version,
        documents=read_manifests(manifests, client),
        contract=contract,
        replaces=replace,
        is_trial=dry_run,
        reason=reason,
        git_revision=checked_out() if git_revision is None else git_revision,
    )
    reach = _reach(data, graph, organization, endpoint, api_key)
    raise typer.Exit(publish_command(reach, wish, as_json=format is Format.JSON))


@operations.command("list")
def list_(
    client: AnyClient = None,
    version: Annotated[str | None, typer.Option(help="With --client: what this version registered.")] = None,
    days: Days = 30,
    graph: Graph = "atrium",
    organization: Organization = None,
    endpoint: Endpoint = None,
    api_key: ApiKey = None,
    format: AsFormat = Format.TEXT,
    data: Data = Path(".atrium"),
) -> None:
    """Show clients; with --client its versions and how they are used, with --version the documents of one."""
    from atrium.operations_commands import list_command

    if version is not None and client is None:
        raise typer.BadParameter("--version needs --client")
    reach = _reach(data, graph, organization, endpoint, api_key)
    raise typer.Exit(list_command(reach, client, version, days, as_json=format is Format.JSON))


@operations.command("retire")
def retire(
    client: Client,
    version: Annotated[
        list[str] | None, typer.Option(help="A version to be served no more; may be repeated.")
    ] = None,
    document: Annotated[
        list[str] | None, typer.Option(help="The id of a document, in all versions; may be repeated.")
    ] = None,
    unused_days: Annotated[
        int | None,
        typer.Option(help="Versions older than so many days that nobody used in them.", min=1),
    ] = None,
    graph: Graph = "atrium",
    organization: Organization = None,
    endpoint: Endpoint = None,
    api_key: ApiKey = None,
    reason: Reason = "",
    format: AsFormat = Format.TEXT,
    data: Data = Path(".atrium"),
) -> None:
    """Serve versions or documents of a client no more; publishing a version again brings it back."""
    from atrium.operations_commands import retire_command

    if sum((bool(version), bool(document), unused_days is not None)) != 1:
        raise typer.BadParameter("give --version, or --document, or --unused-days")
    reach = _reach(data, graph, organization, endpoint, api_key)
    done = retire_command(
        reach,
        client,
        versions=version or (),
        documents=document or (),
        unused_days=unused_days,
        reason=reason,
        as_json=format is Format.JSON,
    )
    raise typer.Exit(done)


@operations.command("mode")
def mode(
    mode: Annotated[Mode | None, typer.Argument(help="Without it: show which modes hold.")] = None,
    client: AnyClient = None,
    graph: Graph = "atrium",
    organization: Organization = None,
    endpoint: Endpoint = None,
    api_key: ApiKey = None,
    reason: Reason = "",
    format: AsFormat = Format.TEXT,
    data: Data = Path(".atrium"),
) -> None:
    """Choose whether a client may send other operations than those it registered.

    \b
    off      it may send anything
    log      it may send anything; what it did not register is counted and logged
    known    it may send only what it registered, as text or by id
    id       it may send only ids of what it registered
    default  it is kept as clients without a mode of their own are

    Without --client the mode is that of all clients without one of their own.
    """
    from atrium.operations_commands import mode_command

    if mode is Mode.DEFAULT and client is None:
        raise typer.BadParameter("`default` needs --client")
    if mode is None and client is not None:
        raise typer.BadParameter("say which mode; without one, leave --client out")
    reach = _reach(data, graph, organization, endpoint, api_key)
    chosen = None if mode in {None, Mode.DEFAULT} else mode.value if mode else None
    done = mode_command(
        reach, chosen, client, reason, as_json=format is Format.JSON, follows=mode is Mode.DEFAULT
    )
    raise typer.Exit(done)


@operations.command("bind")
def bind(
    client: Client,
    application: Annotated[
        list[str] | None,
        typer.Option(help="The id of an application; may be repeated. Without it none is the client."),
    ] = None,
    graph: Graph = "atrium",
    organization: Organization = None,
    endpoint: Endpoint = None,
    api_key: ApiKey = None,
    reason: Reason = "",
    format: AsFormat = Format.TEXT,
    data: Data = Path(".atrium"),
) -> None:
    """Say which AI applications' API keys are a client, whatever name they send."""
    from atrium.operations_commands import bind_command

    reach = _reach(data, graph, organization, endpoint, api_key)
    done = bind_command(reach, client, application or (), reason, as_json=format is Format.JSON)
    raise typer.Exit(done)


@operations.command("usage")
def usage(
    days: Days = 30,
    client: AnyClient = None,
    top: Annotated[int, typer.Option(help="How many operations to show.", min=1)] = 50,
    unused: Annotated[
        bool, typer.Option("--unused", help="What is registered and was not used, instead.")
    ] = False,
    unregistered: Annotated[
        bool, typer.Option("--unregistered", help="What was used and is not registered, alone.")
    ] = False,
    graph: Graph = "atrium",
    organization: Organization = None,
    endpoint: Endpoint = None,
    api_key: ApiKey = None,
    format: AsFormat = Format.TEXT,
    data: Data = Path(".atrium"),
) -> None:
    """Show which operations were used, by whom, how often and how quickly; the most used first."""
    from atrium.operations_commands import Which, usage_command

    if unused and unregistered:
        raise typer.BadParameter("give --unused or --unregistered")
    which = Which.UNUSED if unused else Which.UNREGISTERED if unregistered else Which.USED
    reach = _reach(data, graph, organization, endpoint, api_key)
    done = usage_command(reach, which, days=days, client=client, top=top, as_json=format is Format.JSON)
    raise typer.Exit(done)


@operations.command("history")
def history(
    top: Annotated[int, typer.Option(help="How many changes to show.", min=1)] = 50,
    graph: Graph = "atrium",
    organization: Organization = None,
    endpoint: Endpoint = None,
    api_key: ApiKey = None,
    format: AsFormat = Format.TEXT,
    data: Data = Path(".atrium"),
) -> None:
    """Show who registered, retired and chose what, the newest first."""
    from atrium.operations_commands import history_command

    reach = _reach(data, graph, organization, endpoint, api_key)
    raise typer.Exit(history_command(reach, top, as_json=format is Format.JSON))


def _reach(
    data: Path, graph: str, organization: str | None, endpoint: str | None, api_key: str | None
) -> "Reach":
    from atrium.reach import Where, reach_of

    if endpoint is not None and organization is not None:
        raise typer.BadParameter("the API key says whose graph it is: leave --organization out")
    where = Where(data=data, graph=graph, organization=organization, endpoint=endpoint, api_key=api_key)
    return reach_of(where)
