"""What rate limits and IP rules cost a request, and how exact leases are."""
