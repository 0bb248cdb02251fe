"""What the gateway domain needs from outside: a composer."""
