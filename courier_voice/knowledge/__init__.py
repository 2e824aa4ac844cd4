"""Answers from the company's rules."""
