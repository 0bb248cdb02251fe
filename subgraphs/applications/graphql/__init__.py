"""The applications domain as GraphQL: translates, decides nothing."""
