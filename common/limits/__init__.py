"""Rate limits and IP rules as values: what settings and the control plane write, and routers obey."""
