"""Bounded memories; nothing in them outlives the process."""
