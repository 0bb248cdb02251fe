"""The verbs of the applications domain, a module per subject; a service decides, it never commits."""
