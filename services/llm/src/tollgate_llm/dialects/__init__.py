"""Dialects: what to do when caller and provider speak different protocols."""
