"""Text that JSON Schema has no name for: what is valid, so that most calls get past the door."""

import schemathesis
from hypothesis import strategies as st

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"]
PERIODS = ["2026-11-01/P1M", "2026-01-01/2026-02-01", "P1D/2026-11-02", "2026-11-01T00:00:00Z/PT6H"]
NETWORKS = ["10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "0.0.0.0/0", "::1"]
MOMENTS = [
    "2020-02-29T23:59:59Z", "2026-11-21T12:00:00+05:45", "2030-01-01T00:00:00Z",
    "2040-06-15T08:30:00.123456-03:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00",
]  # fmt: skip
# Nobody answers at any of them: `.invalid` is nobody's, and the port is closed.
URLS = ["https://idp.invalid", "https://models.invalid/v1", "http://127.0.0.1:9"]


def register() -> None:
    names = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=12)
    for name, strategy in {
        "email": names.map(lambda name: f"{name}@example.com"),
        "hostname": names.map(lambda name: f"{name}.example.com"),
        "timezone": st.sampled_from(ZONES),
        "interval": st.sampled_from(PERIODS),
        "network": st.sampled_from(NETWORKS),
        "date-time": st.sampled_from(MOMENTS),
        "uri": st.sampled_from(URLS),
    }.items():
        schemathesis.openapi.format(name, strategy)
