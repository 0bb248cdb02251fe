"""Every SQL statement of auth, a module per subject.

Reads take the principal and ask for their rows only; what must see more says `for_system` in its name, and
what asks before anybody is known goes through the functions that the migration defines for it.
"""
