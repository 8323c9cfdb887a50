"""The hot path: an accepted request to its provider and the answer back, the ticket closed.

Read in this order: `endpoints` takes the request; `service` runs it; `protocols` says what each
route speaks; `bodies` prepares the request for each provider, and `splice` edits the few bytes that
may have to change; `asking` asks the providers in turn; `receiving` judges whether an answer is
one; `delivery` sends it on, through `translating` where the dialects differ; `account` closes the
ticket.
"""
