"""Documents that are asked for by id: registered ones, which clients may be kept to, and automatic ones."""
