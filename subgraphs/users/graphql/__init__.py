"""The users domain as GraphQL: translates, decides nothing."""
