"""Who asks what how often: counted beside the answers, handed on in batches."""
