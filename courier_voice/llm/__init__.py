"""Models behind one Protocol: llama.cpp in process, OpenAI-compatible HTTP, transformers; one client a file."""
