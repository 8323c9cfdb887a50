"""The services as OAuth2 clients."""
