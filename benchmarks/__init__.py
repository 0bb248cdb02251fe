"""Measurements: whole processes under load, and single stages. `make bench` runs them all."""
