"""Attempts at secrets that people choose: slowed down, per account and per address."""
