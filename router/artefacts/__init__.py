"""Artefacts that a registry signed: asked for, believed or not, kept on disk for the next start."""
