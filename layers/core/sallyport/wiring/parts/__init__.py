"""Parts that several functions have in common, each connected by a `build` of its own."""
