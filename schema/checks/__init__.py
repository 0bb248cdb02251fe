"""Schema checks: what changed between two schemas, how bad it is, and whose operations it would hit."""
