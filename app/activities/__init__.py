"""Activities: what happens, when, and how to say so."""
