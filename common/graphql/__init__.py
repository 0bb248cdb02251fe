"""One domain as a federated subgraph: schema, context, loaders, HTTP."""
