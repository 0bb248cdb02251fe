"""The registry's part of the command line: what a person types after `atrium schema`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from atrium.format import AsFormat, Format

if TYPE_CHECKING:
    from atrium.registry import Reach
    from atrium.registry_commands import Change

contract = typer.Typer(help="Variants of a graph by tags.", no_args_is_help=True)

Data = Annotated[
    Path, typer.Option("--data", envvar="ATRIUM_DATA_FOLDER", help="Folder for everything that is kept.")
]
Graph = Annotated[str, typer.Option(help="The graph; by default the platform's own.")]
Organization = Annotated[
    str | None, typer.Option(help="Slug of the organization that has the graph; by default the platform's.")
]
Endpoint = Annotated[
    str | None,
    typer.Option(help="GraphQL address of a platform elsewhere; ATRIUM_API_KEY in the environment asks."),
]
ApiKey = Annotated[
    str | None,
    typer.Option(envvar="ATRIUM_API_KEY", help="Who asks at the endpoint.", show_default=False, hidden=True),
]
Reason = Annotated[str, typer.Option(help="Why; it is kept.")]
Revision = Annotated[
    str | None, typer.Option(help="The commit; by default the one that is checked out here.")
]
Activate = Annotated[bool, typer.Option("--activate", help="Let routers use the result at once.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only compose, and change nothing.")]
Expected = Annotated[
    int | None, typer.Option(help="Refuse unless this is the latest supergraph; 0 if there is none.")
]


def add_registry(schema: typer.Typer) -> None:
    """Put the registry's commands beside the others of `atrium schema`."""
    schema.command("publish")(publish)
    schema.command("retire")(retire)
    schema.command("activate")(activate)
    schema.command("rollback")(rollback)
    schema.command("history")(history)
    schema.add_typer(contract, name="contract")


def publish(
    name: Annotated[str | None, typer.Option(help="How the graph calls the subgraph.")] = None,
    url: Annotated[str | None, typer.Option(help="Where routers ask it.")] = None,
    sdl: Annotated[str | None, typer.Option(help="File with its schema, - for stdin.")] = None,
    own: Annotated[
        bool, typer.Option("--own", help="Publish and activate the schemas of the platform's own domains.")
    ] = False,
    graph: Graph = "atrium",
    organization: Organization = None,
    endpoint: Endpoint = None,
    api_key: ApiKey = None,
    reason: Reason = "",
    git_revision: Revision = None,
    activate: Activate = False,
    dry_run: DryRun = False,
    expected_number: Expected = None,
    format: AsFormat = Format.TEXT,
    data: Data = Path(".atrium"),
) -> None:
    """Publish a subgraph: compose the graph with it, and keep both if it composes.

    When it does not, nothing is changed, every reason is on stderr and the exit code is 1.
    """
    from atrium.registry_commands import publish_command

    if own:
        others = (name, url, sdl, endpoint, organization, git_revision, expected_number)
        if any(each is not None for each in others) or reason or dry_run or graph != "atrium":
            raise typer.BadParameter("--own stands alone, and publishes and activates at once")
        if format is not Format.TEXT:
            raise typer.BadParameter("--own answers as text")
        from atrium.registry_here import publish_own

        publish_own(data)
        return
    if name is None or url is None or sdl is None:
        raise typer.BadParameter("give --name, --url and --sdl (or --own)")
    reach = _reach(data, graph, organization, endpoint, api_key)
    change = _change(reason, git_revision, activate, dry_run, expected_number)
    raise typer.Exit(publish_command(reach, change, name, url, sdl, as_json=format is Format.JSON))


def retire(
    name: Annotated[str, typer.Argument(help="How the graph calls the subgraph.")],
    graph: Graph = "atrium",
    organization: Organization = None,
    endpoint: Endpoint = None,
    api_key: ApiKey = None,
    reason: Reason = "",
    git_revision: Revision = None,
    activate: Activate = False,
    dry_run: DryRun = False,
    expected_number: Expected = None,
    format: AsFormat = Format.TEXT,
    data: Data = Path(".atrium"),
) -> None:
    """Compose the graph without a subgraph; its versions stay in the history."""
    from atrium.registry_commands import retire_command

    reach = _reach(data, graph, organization, endpoint, api_key)
    change = _change(reason, git_revision, activate, dry_run, expected_number)
    raise typer.Exit(retire_command(reach, change, name, as_json=format is Format.JSON))


def activate(
    number: Annotated[int, typer.Argument(help="The number of the supergraph.", min=1)],
    graph: Graph = "atrium",
    organization: Organization = None,
    endpoint: Endpoint = None,
    api_key: ApiKey = None,
    reason: Reason = "",
    format: AsFormat = Format.TEXT,
    data: Data = Path(".atrium"),
) -> None:
    """Let routers use a supergraph that was composed before."""
    from atrium.registry_commands import activate_command

    reach = _reach(data, graph, organization, endpoint, api_key)
    raise typer.Exit(activate_command(reach, number, reason, as_json=format is Format.JSON))


def rollback(
    number: Annotated[
        int | None, typer.Argument(help="The number; by default what was active before.", min=1)
    ] = None,
    graph: Graph = "atrium",
    organization: Organization = None,
    endpoint: Endpoint = None,
    api_key: ApiKey = None,
    reason: Reason = "",
    format: AsFormat = Format.TEXT,
    data: Data = Path(".atrium"),
) -> None:
    """Let routers use again what was active before."""
    from atrium.registry_commands import rollback_command

    reach = _reach(data, graph, organization, endpoint, api_key)
    raise typer.Exit(rollback_command(reach, number, reason, as_json=format is Format.JSON))


def history(
    graph: Graph = "atrium",
    organization: Organization = None,
    endpoint: Endpoint = None,
    api_key: ApiKey = None,
    format: AsFormat = Format.TEXT,
    data: Data = Path(".atrium"),
) -> None:
    """Show what was composed and what was active, the newest first."""
    from atrium.registry_commands import history_command

    reach = _reach(data, graph, organization, endpoint, api_key)
    raise typer.Exit(history_command(reach, as_json=format is Format.JSON))


@contract.command("set")
def contract_set(
    name: Annotated[str, typer.Argument(help="Short name of the contract.")],
    include: Annotated[list[str] | None, typer.Option(help="Only what has one of these tags.")] = None,
    exclude: Annotated[list[str] | None, typer.Option(help="Nothing that has one of these tags.")] = None,
    hide_unreachable: Annotated[
        bool,
        typer.Option("--hide-unreachable/--keep-unreachable", help="Types that no field leads to any more."),
    ] = True,
    graph: Graph = "atrium",
    organization: Organization = None,
    endpoint: Endpoint = None,
    api_key: ApiKey = None,
    reason: Reason = "",
    git_revision: Revision = None,
    activate: Activate = False,
    dry_run: DryRun = False,
    expected_number: Expected = None,
    format: AsFormat = Format.TEXT,
    data: Data = Path(".atrium"),
) -> None:
    """Add a contract or change it, and compose the graph with it."""
    from atrium.registry_commands import contract_set_command

    reach = _reach(data, graph, organization, endpoint, api_key)
    change = _change(reason, git_revision, activate, dry_run, expected_number)
    done = contract_set_command(
        reach,
        change,
        name,
        include=tuple(include or ()),
        exclude=tuple(exclude or ()),
        hides_unreachable=hide_unreachable,
        as_json=format is Format.JSON,
    )
    raise typer.Exit(done)


@contract.command("delete")
def contract_delete(
    name: Annotated[str, typer.Argument(help="Short name of the contract.")],
    graph: Graph = "atrium",
    organization: Organization = None,
    endpoint: Endpoint = None,
    api_key: ApiKey = None,
    reason: Reason = "",
    git_revision: Revision = None,
    activate: Activate = False,
    dry_run: DryRun = False,
    expected_number: Expected = None,
    format: AsFormat = Format.TEXT,
    data: Data = Path(".atrium"),
) -> None:
    """Compose the graph without a contract."""
    from atrium.registry_commands import contract_delete_command

    reach = _reach(data, graph, organization, endpoint, api_key)
    change = _change(reason, git_revision, activate, dry_run, expected_number)
    raise typer.Exit(contract_delete_command(reach, change, name, as_json=format is Format.JSON))


@contract.command("list")
def contract_list(
    graph: Graph = "atrium",
    organization: Organization = None,
    endpoint: Endpoint = None,
    api_key: ApiKey = None,
    format: AsFormat = Format.TEXT,
    data: Data = Path(".atrium"),
) -> None:
    """Show the contracts of the graph."""
    from atrium.registry_commands import contract_list_command

    reach = _reach(data, graph, organization, endpoint, api_key)
    raise typer.Exit(contract_list_command(reach, as_json=format is Format.JSON))


def _reach(
    data: Path, graph: str, organization: str | None, endpoint: str | None, api_key: str | None
) -> "Reach":
    from atrium.reach import Where, reach_of

    if endpoint is not None and organization is not None:
        raise typer.BadParameter("the API key says whose graph it is: leave --organization out")
    where = Where(data=data, graph=graph, organization=organization, endpoint=endpoint, api_key=api_key)
    return reach_of(where)


def _change(
    reason: str, git_revision: str | None, activate: bool, dry_run: bool, expected_number: int | None
) -> "Change":
    from atrium.registry_commands import Change

    return Change(
        reason=reason,
        git_revision=git_revision,
        activates=activate,
        is_trial=dry_run,
        expected_number=expected_number,
    )
