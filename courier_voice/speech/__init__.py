"""Voices, one a file, the phrase cache, and the speakers that say replies with them."""
