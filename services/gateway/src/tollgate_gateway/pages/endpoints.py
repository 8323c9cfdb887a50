"""`/invitation`, `/password-reset` and `/signed-in`: where links and single sign-on lead people.

The secret part of their addresses is behind the `#`, which only the page's own script reads. The
pages load nothing from elsewhere, and nothing but their own files may run in them
(`security_headers`).
"""

from flask import Blueprint, Response, render_template

from tollgate_common.guard import public

blueprint = Blueprint(
    "pages", __name__, template_folder="templates", static_folder="static", static_url_path="/pages"
)


@public  # the link's token is the credential, and auth checks it
def invitation() -> Response:
    """Where one who is invited chooses a name and a password."""
    return _page("invitation.html")


@public  # the same
def password_reset() -> Response:
    """Where one who has lost their password sets another."""
    return _page("password-reset.html")


@public  # the same, with a one-time code
def signed_in() -> Response:
    """Where a single sign-on ends."""
    return _page("signed-in.html")


def _page(template: str) -> Response:
    return Response(render_template(template), content_type="text/html; charset=utf-8")


blueprint.add_url_rule("/invitation", view_func=invitation)
blueprint.add_url_rule("/password-reset", view_func=password_reset)
blueprint.add_url_rule("/signed-in", view_func=signed_in)
