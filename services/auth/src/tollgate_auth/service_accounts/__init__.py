"""Service accounts: users without an address, a password or a role, for machines."""
