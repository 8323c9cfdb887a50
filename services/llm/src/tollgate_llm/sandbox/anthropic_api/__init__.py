"""Anthropic's protocols: messages, token counting, models."""
