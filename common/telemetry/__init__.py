"""Logs, traces and counts: what a running process tells about itself."""
