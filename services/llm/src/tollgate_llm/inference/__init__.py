"""The hot path: an accepted request to its provider and the answer back, the ticket closed.

Read in this order: `endpoints` takes the request; `service` runs it; `protocols` says what each
route speaks; `splice` edits the few bytes that may have to change; `usage` and `events` read what
was used out of answers; `delivery` sends the answer on; `account` closes the ticket.
"""
