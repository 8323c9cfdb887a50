"""Roles and the permissions each has."""
