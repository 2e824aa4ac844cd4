"""Understanding: an utterance in, drafts of intents out."""
