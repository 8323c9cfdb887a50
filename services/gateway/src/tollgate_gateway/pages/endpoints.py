"""`/invitation`, `/password-reset`, `/signed-in`: what their links lead to.

What a link carries is behind its `#`, which only the page's own script reads: it is in no log and
no Referer. The pages talk to `/api/v1` like any other client, and load nothing from elsewhere.
"""

from pathlib import Path

from flask import Blueprint, Response, render_template
from flask.helpers import send_from_directory

from tollgate_common.guard import public

FILES = Path(__file__).with_name("static")
FILES_SECONDS = 300

# Without a word for forms: were the script not to run, a password would end up in an address.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
    " form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}

blueprint = Blueprint("pages", __name__, template_folder="templates")


@public  # the link's token is the credential, and auth checks it
def invitation() -> Response:
    """Where one who is invited chooses a name and a password."""
    return _page("invitation")


@public  # the same
def password_reset() -> Response:
    """Where one who has lost their password chooses another."""
    return _page("password-reset")


@public  # the same, with a one-time code
def signed_in() -> Response:
    """Where a single sign-on ends."""
    return _page("signed-in")


@public
def page_file(name: str) -> Response:
    """The pages' scripts and style."""
    return send_from_directory(FILES, name, max_age=FILES_SECONDS)


def _page(name: str) -> Response:
    answer = Response(
        render_template(f"pages/{name}.html"), content_type="text/html; charset=utf-8"
    )
    answer.headers["cache-control"] = "no-store"
    return answer


@blueprint.after_request
def _harden(answer: Response) -> Response:
    answer.headers.update(HEADERS)
    return answer


blueprint.add_url_rule("/invitation", view_func=invitation)
blueprint.add_url_rule("/password-reset", view_func=password_reset)
blueprint.add_url_rule("/signed-in", view_func=signed_in)
blueprint.add_url_rule("/pages/<path:name>", view_func=page_file)
