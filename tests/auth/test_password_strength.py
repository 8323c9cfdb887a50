"""A password that is easy to guess is refused wherever one is set, with what to do instead."""

import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from dotenv import dotenv_values
from flask import Flask
from werkzeug.test import TestResponse

from tests.auth.conftest import PASSWORD, Org, User
from tollgate_auth import seeding
from tollgate_auth.extensions import db
from tollgate_auth.passwords import strength
from tollgate_auth.passwords.errors import WeakPassword
from tollgate_auth.runtime import runtime
from tollgate_auth.users.models import User as UserRow

EMAIL, ORGANISATION = "ada.lovelace@analytical.example", "Difference Engines"
WEAK = "password1234"
ADVERSE = ("4@8bc({[<e3g69i!1|l7$s5o0t+2%xz" * 4)[:72]
"""Every sign that may stand for a letter: 576 ways to read it."""

Set = Callable[[str], TestResponse]


def refuses(password: str) -> bool:
    try:
        strength.check(password, EMAIL, ORGANISATION)
    except WeakPassword:
        return True
    return False


class TestStrength:
    @pytest.mark.parametrize(
        "password",
        [
            WEAK,
            "123456789012",
            "aaaaaaaaaaaa",
            "qwertyuiopasdf",
            "abcdefghijklmnop",
            "P@ssw0rd1234",
            "a" * 128,
            "tollgatetollgate",
            "tollgate2026",
            EMAIL,
            EMAIL.upper(),
            "AdaLovelace12",
            "lovelace1815",
            "analytical12",
            "differenceengines",
            "DifferenceEngines1",
        ],
    )
    def test_what_is_tried_first_is_refused(self, password: str) -> None:
        assert refuses(password)

    @pytest.mark.parametrize(
        "password",
        [
            PASSWORD,
            "a long enough password",
            "quite another password",
            "k7Qe-93vX-mmt2",
            "käse überm türkis see",
            "парольные слова каждый день",
            "x" + "9f3k" * 31,
            ADVERSE,
        ],
    )
    def test_what_nobody_would_try_soon_is_accepted(self, password: str) -> None:
        assert not refuses(password)

    def test_the_same_password_is_weak_only_for_whom_it_is_about(self) -> None:
        password = "DifferenceEngines"
        assert refuses(password)
        strength.check(password, "grace@example.com", "Research")

    def test_what_comes_after_the_first_72_characters_does_not_count(self) -> None:
        assert refuses("a" * 72 + PASSWORD)

    def test_no_text_takes_long(self) -> None:
        began = time.thread_time()
        for text in (
            ADVERSE,
            ("%cts86($s0" * 8)[:72],
            ("(ce|@4{3c5$a|1" * 6)[:72],
            "11/11/2011" * 8,
        ):
            refuses(text)
        assert time.thread_time() - began < 4


def is_refused(answer: TestResponse, param: str = "password") -> bool:
    body = answer.get_json() if answer.status_code == 422 else {}
    return (body.get("code"), body.get("param")) == ("weak_password", param)


@pytest.mark.parametrize("password", [WEAK, "123456789012", "aaaaaaaaaaaa"])
def test_a_user_is_not_made_with_a_weak_password(org: Org, password: str) -> None:
    body = {"email": f"new-{org.id[-12:]}@example.com", "password": password}
    answer = org.owner.post("/users", body)
    assert is_refused(answer)
    assert "rare words" in answer.get_json()["detail"]
    assert org.owner.post("/users", body | {"password": PASSWORD}).status_code == 201


def test_nor_with_their_own_address_or_the_organisations_name(org: Org) -> None:
    email = f"new-{org.id[-12:]}@example.com"
    assert org.owner.patch("/organisation", {"name": "Blue Whale Research"}).status_code == 200
    for password in (email, "BlueWhaleResearch"):
        assert is_refused(org.owner.post("/users", {"email": email, "password": password}))


def test_an_invitation_is_still_good_after_a_weak_password(app: Flask, org: Org) -> None:
    invited = org.owner.post("/invitations", {"email": f"new-{org.id[-12:]}@example.com"})
    token = urlsplit(invited.get_json()["link"]).fragment

    def accept(password: str) -> TestResponse:
        body = {"token": token, "password": password}
        return app.test_client().post("/api/v1/invitations/accept", json=body)

    assert is_refused(accept(WEAK))
    assert accept(PASSWORD).status_code == 200


def test_so_is_a_reset_link(app: Flask, org: Org, member: User) -> None:
    made = org.owner.post(f"/users/{member.id}/password-reset").get_json()

    def reset(password: str) -> TestResponse:
        body = {"token": urlsplit(made["link"]).fragment, "password": password}
        return app.test_client().post("/api/v1/auth/password/reset", json=body)

    assert is_refused(reset(WEAK))
    assert is_refused(reset(member.email))
    assert reset("quite another password").status_code == 204


def test_a_change_names_the_field_that_it_has(member: User) -> None:
    def change(current: str, new: str) -> TestResponse:
        body = {"current_password": current, "new_password": new}
        return member.post("/auth/password", body)

    assert is_refused(change(PASSWORD, WEAK), "new_password")
    assert change(WEAK, WEAK).status_code == 403
    assert change(PASSWORD, "quite another password").status_code == 204


def test_a_weak_password_from_before_goes_on_working(app: Flask, member: User) -> None:
    with app.app_context():
        db.session.get_one(UserRow, member.id).password_hash = runtime().passwords.hash(WEAK)
        db.session.commit()
    body = {"email": member.email, "password": WEAK}
    assert app.test_client().post("/api/v1/auth/login", json=body).status_code == 200


def test_the_seeded_password_is_not_weak(empty_app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "credentials.env"
    with empty_app.app_context():
        seeding.seed(file, "http://127.0.0.1:8080", runtime().passwords)
    password = dotenv_values(file)["TOLLGATE_ADMIN_PASSWORD"]
    strength.check(str(password), seeding.ADMIN_EMAIL, "Default")
