"""The Ed25519 keys that tokens are signed with, and their publication."""
