"""Applications' plain HTTP: questions of the platform's other processes."""
