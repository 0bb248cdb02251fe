"""The `atrium` command: what a person types, turned into calls.

Exit codes: 0 it is done, 1 it failed (one line on stderr says why), 2 it was not understood.
Each command imports what it needs when it runs, so that every one of them starts fast; only the front door
imports inside functions.
"""

import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from atrium.checks_cli import add_checks
from atrium.config_cli import add_config
from atrium.failure import Failed
from atrium.format import AsFormat, Format
from atrium.operations_cli import operations
from atrium.registry_cli import add_registry

app = typer.Typer(
    name="atrium",
    help="A GraphQL federated API platform: one router, its domains, one endpoint.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
serve = typer.Typer(help="Serve one part of the platform in a process of its own.", no_args_is_help=True)
schema = typer.Typer(help="Compose, write and check schemas.", no_args_is_help=True)
app.add_typer(serve, name="serve")
app.add_typer(schema, name="schema")
app.add_typer(operations, name="operations")
add_registry(schema)
add_checks(schema)
add_config(app)


def _use(file: Path | None) -> Path | None:
    """Lay the settings file under the environment, before any other option is read from there."""
    from atrium.config import use_config

    use_config(file)
    return file


Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        help="Settings file; by default the one in ATRIUM_CONFIG, else atrium.yaml if there is one.",
        is_eager=True,
        callback=_use,
        dir_okay=False,
    ),
]

Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(help="Port to listen on.", min=0, max=65535)]
Data = Annotated[
    Path, typer.Option("--data", envvar="ATRIUM_DATA_FOLDER", help="Folder for everything that is kept.")
]


@app.callback()
def begin(
    config: Annotated[
        Path | None, typer.Option("--config", help="Settings file, for every command.", dir_okay=False)
    ] = None,
) -> None:
    """A GraphQL federated API platform: one router, its domains, one endpoint."""
    if config is not None:
        os.environ["ATRIUM_CONFIG"] = str(config)


@app.command()
def up(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    workers: Annotated[int, typer.Option(help="Processes that answer requests.", min=1, max=20)] = 1,
    data: Data = Path(".atrium"),
    demo: Annotated[bool, typer.Option("--demo/--no-demo", help="Demo data, in development.")] = True,
    config: Config = None,
) -> None:
    """Start the whole platform; Ctrl-C stops it.

    Without DATABASE_URL and REDIS_URL it runs its own PostgreSQL and Redis under the data folder, for
    development.
    """
    from atrium.up import UpOptions, up

    up(UpOptions(host=host, port=port, workers=workers, data=data, demo=demo))


@serve.command("router")
def serve_router(
    supergraph: Annotated[
        Path | None,
        typer.Option(
            envvar="ATRIUM_SUPERGRAPH",
            help="Supergraph SDL, read again when it changes; by default Atrium's own. With a registry: what "
            "serves until the registry has given one.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    registry: Annotated[
        str | None,
        typer.Option(envvar="ATRIUM_REGISTRY_URL", help="Where the gateway domain is served: follow it."),
    ] = None,
    graph: Annotated[
        str, typer.Option(envvar="ATRIUM_GRAPH", help="Which graph of the registry: platform, or its UUID.")
    ] = "platform",
    variant: Annotated[
        str, typer.Option(envvar="ATRIUM_VARIANT", help="Which contract of the graph; by default the whole.")
    ] = "",
    host: Host = "127.0.0.1",
    port: Port = 8000,
    config: Config = None,
) -> None:
    """Serve the router alone, over HTTP subgraphs; needs no database and no Redis."""
    from atrium.router_alone import Supergraphs, serve_router

    wish = Supergraphs(file=supergraph, registry=registry or None, graph=graph, variant=variant)
    serve_router(wish, host, port)


@serve.command("subgraph")
def serve_subgraph(
    name: Annotated[str, typer.Argument(envvar="ATRIUM_DOMAIN", help="auth, users, applications, gateway.")],
    host: Host = "127.0.0.1",
    port: Port = 4000,
    config: Config = None,
) -> None:
    """Serve one domain over HTTP, for the router only: every request must carry its signature."""
    from atrium.subgraph_alone import serve_subgraph

    serve_subgraph(name, host, port)


@app.command()
def worker(
    concurrency: Annotated[int, typer.Option(help="Tasks at once.", min=1, max=64)] = 4,
    beat: Annotated[
        bool, typer.Option("--beat", help="Also start tasks by the clock; in one worker only.")
    ] = False,
    data: Data = Path(".atrium"),
    config: Config = None,
) -> None:
    """Do background work: the tasks that follow from events, and periodic ones."""
    from atrium.background import run_worker

    run_worker(data, concurrency=concurrency, with_beat=beat)


@app.command()
def beat(data: Data = Path(".atrium"), config: Config = None) -> None:
    """Start tasks by the clock; run one of these, or `worker --beat`."""
    from atrium.background import run_beat

    run_beat(data)


@app.command()
def relay(data: Data = Path(".atrium"), config: Config = None) -> None:
    """Hand on what the domains put into their outboxes: events to subscribers, tasks to workers."""
    from atrium.background import run_relay

    run_relay(data)


@app.command()
def migrate(data: Data = Path(".atrium"), config: Config = None) -> None:
    """Bring the database up to date; does nothing when it is."""
    from atrium.prepare import migrate

    migrate(data)


@app.command()
def seed(data: Data = Path(".atrium"), config: Config = None) -> None:
    """Fill in demo data, for development; a second time changes nothing."""
    from atrium.demo import seed

    seed(data)


@app.command()
def found(
    email: Annotated[str, typer.Option(help="The owner's e-mail address.")],
    name: Annotated[str, typer.Option(help="The owner's name.")],
    organization: Annotated[str, typer.Option(help="The organization's name.")],
    slug: Annotated[str, typer.Option(help="Its short name: lower-case letters, digits and hyphens.")],
    data: Data = Path(".atrium"),
    config: Config = None,
) -> None:
    """Found an organization with its owner, who gets a mail; the others are invited from inside."""
    from atrium.found import Founding, found

    found(data, Founding(email=email, name=name, organization=organization, slug=slug))


@schema.command("export")
def schema_export() -> None:
    """Write the subgraphs' SDL, the supergraph and the client schema into schema/artefacts."""
    from atrium.schemas import export

    export()


@schema.command("compose")
def schema_compose(
    subgraphs: Annotated[
        list[Path] | None,
        typer.Option(help="List of subgraphs, JSON; see below.", exists=True, dir_okay=False),
    ] = None,
    subgraph: Annotated[
        list[str] | None, typer.Option(help="One subgraph by its SDL file.", metavar="NAME=PATH[@URL]")
    ] = None,
    contracts: Annotated[
        Path | None, typer.Option(help="Contracts, JSON; see below.", exists=True, dir_okay=False)
    ] = None,
    contract: Annotated[str | None, typer.Option(help="The contract to apply.", metavar="NAME")] = None,
    include_tag: Annotated[
        list[str] | None, typer.Option(help="Keep only what has one of these tags.", metavar="TAG")
    ] = None,
    exclude_tag: Annotated[
        list[str] | None, typer.Option(help="Hide what has one of these tags.", metavar="TAG")
    ] = None,
    hide_unreachable: Annotated[
        bool,
        typer.Option("--hide-unreachable/--keep-unreachable", help="Types that nothing leads to any more."),
    ] = True,
    nodes: Annotated[
        bool, typer.Option("--nodes", help="Let the router answer node(id) and nodes(ids) for all Nodes.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write, instead of stdout.", dir_okay=False)
    ] = None,
    hints: Annotated[
        bool, typer.Option("--hints", help="Show all hints on stderr, not only warnings.")
    ] = False,
    format: AsFormat = Format.TEXT,
) -> None:
    """Compose a supergraph, or one API variant of it, and write its SDL to stdout.

    When it cannot be, every reason is on stderr and the exit code is 1; with --format json stdout holds
    {"errors": [{"code", "message"}]}.

    \b
    A list of subgraphs is one of
      [{"name": "users", "url": "http://users:4000/graphql", "sdl": "type Query ..."}]
      {"subgraphs": {"users": {"routing_url": "http://users:4000/graphql",
                               "schema": {"file": "users.graphql"}}}}
    Contracts are, in a file of their own or as "contracts" of the second:
      {"public": {"include": [], "exclude": ["internal"], "hide_unreachable": true}}

    \b
    Examples:
      atrium schema compose --subgraphs graph.json -o supergraph.graphql --hints
      atrium schema compose --subgraph users=users.graphql@http://users:4000/graphql \\
                            --subgraph shop=shop.graphql@http://shop:4000/graphql
      atrium schema compose --subgraphs graph.json --exclude-tag internal
      atrium schema compose --subgraphs graph.json --contracts contracts.json --contract public
    """
    from schema.compose_command import ComposeOptions, compose_command

    if not subgraphs and not subgraph:
        raise typer.BadParameter("give subgraphs with --subgraphs FILE or --subgraph NAME=PATH[@URL]")
    options = ComposeOptions(
        lists=tuple(subgraphs or ()),
        named=tuple(subgraph or ()),
        contracts=contracts,
        contract=contract,
        include=tuple(include_tag or ()),
        exclude=tuple(exclude_tag or ()),
        hide_unreachable=hide_unreachable,
        nodes=nodes,
        output=output,
        shows_hints=hints,
        format=format.value,
    )
    raise typer.Exit(compose_command(options))


@app.command()
def explain(
    query: Annotated[str, typer.Argument(help="An operation, a file that holds one, or - for stdin.")],
    supergraph: Annotated[
        Path | None,
        typer.Option(help="Supergraph SDL; by default Atrium's own.", exists=True, dir_okay=False),
    ] = None,
    operation: Annotated[str | None, typer.Option(help="Which of several operations.")] = None,
    label: Annotated[
        list[str] | None, typer.Option(help="A label of overrides that holds; may be given several times.")
    ] = None,
    in_parts: Annotated[
        bool, typer.Option("--in-parts", help="For a client that takes deferred parts of the answer later.")
    ] = False,
    format: AsFormat = Format.TEXT,
) -> None:
    """Show how the router would answer a query: which subgraph is asked what, and in which order."""
    from atrium.explain import explain

    labels = frozenset(label or ())
    explain(query, supergraph, operation, labels=labels, as_json=format is Format.JSON, in_parts=in_parts)


@app.command()
def keys() -> None:
    """Make the secrets of a new installation and show them, as lines for its environment."""
    from atrium.keys import print_keys

    print_keys()


@app.command()
def health(
    url: Annotated[str | None, typer.Argument(help="Address that has to answer with success.")] = None,
    heartbeat: Annotated[
        bool, typer.Option("--heartbeat", help="The worker, beat or relay of this container is alive.")
    ] = False,
) -> None:
    """Exit with 0 if a part is well; for the health checks of containers."""
    from atrium.health import check_address, check_heartbeat

    if heartbeat == (url is not None):
        raise typer.BadParameter("give an address or --heartbeat")
    check_heartbeat() if url is None else check_address(url)


def main() -> None:
    """Run the command line; a failure is one line on stderr and exit code 1."""
    try:
        app()
    except Failed as failure:
        _fail(str(failure))
    except BrokenPipeError:
        # Whoever read our output has gone, as in `atrium ... | head`.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except (
        Exception
    ) as problem:  # the last line of defence: a person at a terminal is no place for a traceback
        if os.environ.get("ATRIUM_LOG_LEVEL", "").upper() == "DEBUG":
            raise
        _fail(_sentence(problem))


def _fail(sentence: str) -> NoReturn:
    print(f"atrium: {sentence}", file=sys.stderr)
    sys.exit(1)


def _sentence(problem: Exception) -> str:
    first = str(problem).strip().partition("\n")[0]
    if type(problem).__name__ == "SettingsError":
        return first
    return f"{type(problem).__name__}: {first} (ATRIUM_LOG_LEVEL=DEBUG shows where)"
