"""TODO-BRIEF: one line saying what this package is for."""
