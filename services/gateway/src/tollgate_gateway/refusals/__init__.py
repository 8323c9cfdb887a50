"""Requests that were refused after their caller was known: counted, beside the requests."""
