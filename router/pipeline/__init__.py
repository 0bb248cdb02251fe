"""The road of a request: eight stages in eight files, called in order by `run.py`.

A stage is policy (cache, limits, timing, hooks) around an engine, which is pure and lives elsewhere.
"""
