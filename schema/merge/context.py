"""@context and @fromContext: values that a field takes from a type above it (federation v2.8)."""

from schema.document.model import Field
from schema.document.values import Value
from schema.merge.sources import Source
from schema.subgraph.context import parse_context_value
from schema.subgraph.model import uses


def context_name(subgraph: str, name: str) -> str:
    """The name of a subgraph's context in the supergraph, where all contexts live together."""
    return f"{subgraph}__{name}"


def context_arguments(source: Source[Field]) -> tuple[Value, ...]:
    """The arguments that the router fills from context, as @join__field(contextArguments:) wants them."""
    found: list[Value] = []
    for argument in source.element.arguments.values():
        for use in uses(argument, "fromContext"):
            text = use.arguments.get("field")
            value = parse_context_value(text) if isinstance(text, str) else None
            if value is not None:
                found.append(
                    {
                        "context": context_name(source.subgraph.name, value.context),
                        "name": argument.name,
                        "type": str(argument.type),
                        "selection": value.selection,
                    }
                )
    return tuple(found)
