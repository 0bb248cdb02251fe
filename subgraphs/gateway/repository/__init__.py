"""Every SQL statement of the gateway domain, a module per subject.

Reads take the principal and ask for their rows only, whatever row-level security would let through.
"""
