"""The supergraph as SDL text and as a value: what the composer prints and the router reads."""
