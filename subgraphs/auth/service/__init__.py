"""The verbs of auth, a module per subject.

A verb that begins before anybody is known (signing in, carrying a session on, following a link, presenting
a key) opens its own units of work: one to look up, then one as the person it found. All others are given
the unit of work of the request.

Rows of one person are taken in one order: links, password, sessions, refresh tokens, keys, and attempts last.
"""
