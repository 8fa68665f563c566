"""Acts outside, each safe to run twice. The row says what is wanted; the effect brings it about and writes the result."""
