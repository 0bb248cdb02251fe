"""What a person types to compare schemas and to lint them: `atrium schema check`, `diff` and `lint`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from atrium.format import AsFormat, Format


class FailOn(StrEnum):
    """The mildest change that lets a check fail."""

    BREAKING = "breaking"
    DANGEROUS = "dangerous"


def add_checks(schema: typer.Typer) -> None:
    """Put the commands beside the others of `atrium schema`."""
    schema.command("check")(check)
    schema.command("diff")(diff)
    schema.command("lint")(lint)


def check(
    against: Annotated[
        str | None,
        typer.Option(help="The schema in use: a file, or `registered` for the active supergraph."),
    ] = None,
    subgraphs: Annotated[
        list[Path] | None,
        typer.Option(help="New subgraphs, a list as for compose.", exists=True, dir_okay=False),
    ] = None,
    subgraph: Annotated[
        list[str] | None, typer.Option(help="One new subgraph by its SDL file.", metavar="NAME=PATH[@URL]")
    ] = None,
    with_others: Annotated[
        bool, typer.Option("--with-others", help="Registered: the subgraphs that are not given stay.")
    ] = False,
    supergraph: Annotated[
        Path | None, typer.Option(help="The new supergraph, or client schema.", exists=True, dir_okay=False)
    ] = None,
    operations: Annotated[
        str | None,
        typer.Option(
            help="Recorded operations: a file of JSON lines, or `registered` for those the registry knows of."
        ),
    ] = None,
    usage_days: Annotated[
        int, typer.Option(help="Registered operations: used in so many days, or registered.", min=1, max=366)
    ] = 30,
    fail_on: Annotated[FailOn, typer.Option(help="The mildest change that fails.")] = FailOn.BREAKING,
    graph: Annotated[
        str | None, typer.Option(help="Registered: the graph; by default the platform's.")
    ] = None,
    contract: Annotated[str, typer.Option(help="Registered: the variant of the graph.")] = "",
    organization: Annotated[
        str | None, typer.Option(help="Registered: slug of the organization that has the graph.")
    ] = None,
    endpoint: Annotated[
        str | None, typer.Option(help="Registered: GraphQL address of a platform elsewhere.")
    ] = None,
    api_key: Annotated[
        str | None, typer.Option(envvar="ATRIUM_API_KEY", show_default=False, hidden=True)
    ] = None,
    data: Annotated[
        Path, typer.Option("--data", envvar="ATRIUM_DATA_FOLDER", help="Folder for everything that is kept.")
    ] = Path(".atrium"),
    format: AsFormat = Format.TEXT,
) -> None:
    """Say whether a new schema may replace the one in use, and whom it would hit.

    Without --against: fail unless the platform's subgraphs compose and schema/artefacts says what they say.
    With it, the new schema is the platform's own unless subgraphs or a supergraph are given. The exit code
    is 0 if it may, 1 if not (or if the subgraphs do not compose), 2 if something cannot be read.

    \b
    Examples:
      atrium schema check --against production.graphql --supergraph supergraph.graphql
      atrium schema check --against registered --subgraphs graph.json --operations operations.jsonl
      atrium schema check --against registered --subgraph users=users.graphql --with-others
      atrium schema check --against registered --operations registered --usage-days 90
    """
    asks = "registered" in (against, operations)
    if (against != "registered" and (with_others or contract)) or (
        not asks and (graph or organization or endpoint)
    ):
        raise typer.BadParameter(
            "--with-others, --graph, --contract, --organization and --endpoint need --against registered"
        )
    if endpoint is not None and organization is not None:
        raise typer.BadParameter("the API key says whose graph it is: leave --organization out")
    if with_others and not (subgraphs or subgraph):
        raise typer.BadParameter("--with-others needs the subgraphs that are not the others")
    if against is None:
        if subgraphs or subgraph or supergraph or operations:
            raise typer.BadParameter("say with --against which schema is in use")
        from atrium.schemas import check as check_artefacts

        check_artefacts()
        return
    from atrium.active import Registered, active
    from atrium.checks import CheckOptions, check_command
    from atrium.recorded import recorded
    from schema.checks.kinds import Criticality

    options = CheckOptions(
        against=against,
        lists=tuple(subgraphs or ()),
        named=tuple(subgraph or ()),
        with_others=with_others,
        supergraph=supergraph,
        operations=operations,
        fail_on=Criticality(fail_on.value),
        is_json=format is Format.JSON,
    )
    registered = Registered(
        data=data,
        graph=graph,
        contract=contract,
        organization=organization,
        endpoint=endpoint,
        api_key=api_key,
    )
    raise typer.Exit(
        check_command(options, lambda: active(registered), lambda: recorded(registered, usage_days))
    )


def diff(
    old: Annotated[Path, typer.Argument(help="Supergraph or client schema.", exists=True, dir_okay=False)],
    new: Annotated[Path, typer.Argument(help="Supergraph or client schema.", exists=True, dir_okay=False)],
    format: AsFormat = Format.TEXT,
) -> None:
    """List what changed between two schemas, without a verdict."""
    from atrium.checks import diff_command

    raise typer.Exit(diff_command(old, new, is_json=format is Format.JSON))


def lint(
    documents: Annotated[
        list[Path] | None,
        typer.Argument(help="SDL files; by default the platform's subgraphs.", exists=True, dir_okay=False),
    ] = None,
    subgraphs: Annotated[
        list[Path] | None, typer.Option(help="A list as for compose.", exists=True, dir_okay=False)
    ] = None,
    rules: Annotated[
        Path | None,
        typer.Option(help="TOML with [tool.atrium.lint] or [rules].", exists=True, dir_okay=False),
    ] = None,
    rule: Annotated[
        list[str] | None, typer.Option(help="Another level for one rule.", metavar="NAME=off|warn|error")
    ] = None,
    list_rules: Annotated[bool, typer.Option("--list", help="Show the rules, and look at nothing.")] = False,
    format: AsFormat = Format.TEXT,
) -> None:
    """Say where schemas do not keep to conventions; the exit code is 1 if something found is an error.

    \b
    Examples:
      atrium schema lint users.graphql --rule field-description=error
      atrium schema lint --rules pyproject.toml
    """
    from atrium import lint as linting

    if list_rules:
        linting.list_rules()
        return
    options = linting.LintOptions(
        documents=tuple(documents or ()),
        lists=tuple(subgraphs or ()),
        rules=rules,
        changed=tuple(rule or ()),
        is_json=format is Format.JSON,
    )
    raise typer.Exit(linting.lint_command(options))
