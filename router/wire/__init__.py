"""Requests and responses as values and bytes. Pure: no sockets, no Starlette, nothing awaited."""
