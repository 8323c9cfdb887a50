"""Passwords: hashed, verified, changed and reset."""
