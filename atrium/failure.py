"""What a command says when it cannot do its work: one line for the person who typed it."""


class Failed(Exception):
    """The message is a whole sentence; the command ends with exit code 1."""
