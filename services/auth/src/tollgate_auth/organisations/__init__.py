"""Organisations: what everything else belongs to."""
