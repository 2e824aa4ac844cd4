"""Replaying recordings, scoring, reporting."""
