"""Auth's plain HTTP: the public keys for everybody, questions of other processes for the platform alone."""
