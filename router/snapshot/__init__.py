"""One immutable supergraph in use, with everything that follows from it; swapped whole."""
