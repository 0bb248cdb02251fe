"""The names and definitions of the public specifications: link, federation, join and composed ones."""
