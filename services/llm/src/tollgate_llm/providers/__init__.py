"""Providers: who answers, where, and with which credentials."""
