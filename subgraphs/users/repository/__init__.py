"""Every SQL statement of the users domain, a module per subject.

Reads take the principal and ask for their rows only, whatever row-level security would let through;
what must see more says `for_system` in its name.
"""
