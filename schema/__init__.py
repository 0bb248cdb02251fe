"""The supergraph: composition of subgraph SDL, its format, its query graph and its committed artefacts.

SDL text in, SDL text out; nothing here does input or output.
"""
