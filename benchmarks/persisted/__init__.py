"""What it costs to ask by id instead of sending the text."""
