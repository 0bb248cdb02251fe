"""The directives by which clients let an answer come in parts."""

from typing import Any

from graphql import GraphQLDeferDirective, GraphQLSchema, GraphQLStreamDirective


def with_parts(schema: GraphQLSchema) -> GraphQLSchema:
    """The client schema with `@defer` and `@stream`, unless a directive of its own has one of the names."""
    if schema.get_directive("defer") is not None or schema.get_directive("stream") is not None:
        return schema
    kwargs: dict[str, Any] = {**schema.to_kwargs()}
    kwargs["directives"] = (*schema.directives, GraphQLDeferDirective, GraphQLStreamDirective)
    return GraphQLSchema(**kwargs)
