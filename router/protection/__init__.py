"""Who is let in from where, and how much of what anybody gets: IP rules and rate limits."""
