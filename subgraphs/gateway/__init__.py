"""The control plane as a domain: published subgraph schemas and the supergraphs composed from them.

Entities: Graph, Subgraph, Supergraph; it names User and Application as authors, Organization as owner.
Published facts: SupergraphPublished, SupergraphActivated.
It knows no composer: whoever joins the parts hands one in. Routers read what is active as signed artefacts.
"""
