"""Models: which there are, where they are routed, what they cost."""
