"""What domains share; knows no domain."""
