"""`Idempotency-Key`: a request sent again is answered again, and is billed once."""
