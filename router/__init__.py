"""Federation router: turns one client operation into subgraph calls. It knows no domain.

The road of a request, one file each in `router/pipeline/`:

    receive → parse → validate → authorise → plan → execute → project → respond

`pipeline/run.py` calls them in this order. Parsing, planning and projecting are pure functions over
frozen values; only `http`, `pipeline`, `executor` and `subgraph_client` wait for anything.
"""
