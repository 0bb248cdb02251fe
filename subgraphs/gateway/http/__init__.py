"""The gateway domain's plain HTTP: what routers elsewhere read."""
