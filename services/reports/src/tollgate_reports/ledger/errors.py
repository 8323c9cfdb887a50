"""What can go wrong with the ledger."""


class NotInLedger(Exception):
    """The database refuses a row for what it holds; sending it again cannot help."""
