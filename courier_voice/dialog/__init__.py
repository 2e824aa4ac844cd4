"""The conversation: who is meant, what to do next, what to remember."""
