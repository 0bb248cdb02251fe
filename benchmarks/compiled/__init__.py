"""Compiled plans against the interpreter, in one process and without HTTP."""
