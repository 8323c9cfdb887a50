"""Logging in, staying logged in, logging out; who am I."""
