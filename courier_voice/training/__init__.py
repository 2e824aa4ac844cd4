"""Training of the ear: sentences, speech made of them, and the tuning itself."""
