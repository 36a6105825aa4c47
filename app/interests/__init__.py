"""Interests: the vocabulary, and finding a concept from what people say."""
