"""Slowing down whoever guesses: counters of failed attempts that make the next one wait."""
