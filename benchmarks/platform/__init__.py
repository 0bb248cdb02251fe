"""The whole platform under load: signing in, and a list that crosses three subgraphs."""
