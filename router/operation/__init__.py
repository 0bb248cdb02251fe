"""The client operation as data: parsed, validated, normalised, fingerprinted. Pure."""
