"""Mutations of auth, a module for each."""
