"""The directives by which clients let an answer come in parts."""

from typing import Any

from graphql import GraphQLDeferDirective, GraphQLSchema


def with_parts(schema: GraphQLSchema) -> GraphQLSchema:
    """The client schema with `@defer`, unless a directive of its own has the name."""
    if schema.get_directive("defer") is not None:
        return schema
    kwargs: dict[str, Any] = {**schema.to_kwargs()}
    kwargs["directives"] = (*schema.directives, GraphQLDeferDirective)
    return GraphQLSchema(**kwargs)
