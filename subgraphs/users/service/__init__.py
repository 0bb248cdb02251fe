"""The verbs of the users domain, a module per subject; a service decides, it never commits."""
