"""Sessions of OpenActive feeds (RPDE), read page by page and put together again."""
