"""Real PostgreSQL and Redis servers out of wheels, for `make up` and for tests.

`postgres` and `redis` each say how a server is prepared, with which command line it runs in the
foreground (under a supervisor), and at which URL it is found; `temporary()` starts one for a test.
Servers listen on 127.0.0.1 only, ask for a password, and never outlive the process they serve.
"""
