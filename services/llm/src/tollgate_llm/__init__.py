"""Providers, models, prices, jobs; where a request goes and what it cost."""
