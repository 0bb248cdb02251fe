"""The response as the client asked for it: order, aliases, type guards, nulls and introspection. Pure."""
