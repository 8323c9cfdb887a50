"""A queued call that is cancelled ends everywhere, and is in the books."""

from tests.e2e.platform import Key, Platform, eventually


def test_a_cancelled_job_ends_at_the_provider_and_is_booked(platform: Platform, key: Key) -> None:
    body = {"model": "sandbox-timeout", "messages": [{"role": "user", "content": "Never"}]}
    job = platform.post(
        "/v1/jobs", {"endpoint": "/v1/chat/completions", "body": body}, key.secret
    ).json()["id"]
    headers = {"authorization": f"Bearer {key.secret}"}
    url = f"{platform.url}/v1/jobs/{job}"

    def status() -> str:
        return str(platform.session.get(url, headers=headers, timeout=10).json()["status"])

    eventually(lambda: status() == "running")
    assert platform.session.delete(url, headers=headers, timeout=10).status_code == 200
    row = platform.row(job)
    assert (row["status"], row["key"], row["client_request_id"]) == ("client_closed", key.id, job)
    assert status() == "cancelled"
