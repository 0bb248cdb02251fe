"""Schema lint: whether a schema keeps to the conventions one has chosen, rule by rule."""
