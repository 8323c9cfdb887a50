"""What can go wrong with the ledger."""


class NotInLedger(Exception):
    """The database refuses a row for what it holds; sending it again cannot help."""


class BatchTooSlow(Exception):
    """The database did not get through the batch in the time a statement has; half of it may."""
