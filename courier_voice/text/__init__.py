"""From what was heard to what is meant: script, width, spacing, numerals, units, sound."""
