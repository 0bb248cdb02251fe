"""What the router holds in memory after many requests."""
