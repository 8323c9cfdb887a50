"""Events between services: CloudEvents 1.0 JSON on Redis Streams.

`cloudevents` makes and checks them, `streams` sends and consumes them, `outbox` makes sure that
what was committed is also sent.
"""
