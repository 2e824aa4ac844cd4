"""One file a family of formats: each turns a file into parts, in reading order, and knows nothing of articles."""
