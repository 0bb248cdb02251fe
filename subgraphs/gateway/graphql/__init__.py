"""The gateway domain as GraphQL: translates, decides nothing."""
