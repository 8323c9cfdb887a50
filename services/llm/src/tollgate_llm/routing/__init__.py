"""Routing: from the name of a model to the providers that may answer, in order."""
