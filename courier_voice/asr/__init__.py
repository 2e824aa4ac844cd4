"""Speech to text: one engine a file, what they share in ``hearing``."""
