"""OAuth2 for machines: tokens (RFC 6749), introspection (7662), revocation (7009), metadata (8414).

Its clients are our own services (`clients`) and service accounts.
"""
