"""One SDL document as values: read from text, printed as text; knows nothing of federation."""
