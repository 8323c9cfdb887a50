"""Jobs: inference calls that run later. A row first, then the queue, then one call to the gateway.

PostgreSQL is what counts, and says whose turn it is: rq only rings. A job whose worker died has a
lease that runs out and runs again; one that is finished never does.
"""
