"""The verbs of the gateway domain, a module per subject; a service decides, it never commits."""
