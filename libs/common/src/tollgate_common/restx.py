"""The management API's base: flask-restx for routes and Swagger, pydantic for what comes in.

flask-restx renders errors itself, and differently under test; here it re-raises them, so that
the app's own handlers answer everywhere the same (`errors.answers`).
"""

import base64
import binascii
import functools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NoReturn, TypeVar, cast

from flask import Flask, Response, jsonify, request
from flask_restx import Api, Namespace
from pydantic import BaseModel, Field
from pydantic.json_schema import GenerateJsonSchema
from werkzeug.exceptions import BadRequest as WerkzeugBadRequest

from tollgate_common import api_document
from tollgate_common.errors import BadRequest, InvalidField, NotFound
from tollgate_common.guard import public

ModelT = TypeVar("ModelT", bound=BaseModel)
ViewT = TypeVar("ViewT", bound=Callable[..., Any])
RowT = TypeVar("RowT")

PREFIX = "/api/v1"
PAGE_DEFAULT = 50
PAGE_MAX = 200
ID_CURSOR = "[A-Za-z0-9_]{1,40}"
CURSOR = "[A-Za-z0-9_=-]{1,1500}"
SHOWN_CHARACTERS = 60
NULL = {"type": "null"}


class Paging(BaseModel):
    """What every list takes; read by `page_size` and by the list's own idea of a place."""

    limit: int = Field(PAGE_DEFAULT, ge=1, le=PAGE_MAX, description="How many at most.")
    cursor: str | None = Field(
        None, description="`next_cursor` of the page before.", pattern=f"^{CURSOR}$"
    )


class Untitled(GenerateJsonSchema):
    """Without a title for each field, which says its name once more."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


class ManagementApi(Api):  # type: ignore[misc]  # the library is untyped
    """An Api whose errors are the app's, and whose own documentation page is the gateway's."""

    def __init__(self, title: str, **more: Any) -> None:
        super().__init__(
            title=title,
            version="1",
            prefix=PREFIX,
            doc=False,
            add_specs=False,
            catch_all_404=False,
            authorizations={"bearer": {"type": "apiKey", "in": "header", "name": "Authorization"}},
            security="bearer",
            **more,
        )

    def handle_error(self, error: Exception) -> NoReturn:
        raise error

    @public
    def render_root(self) -> NoReturn:
        raise NotFound("There is nothing here; /docs lists what there is.")

    def serve(self, app: Flask, namespaces: Iterable[Namespace]) -> None:
        """Add the namespaces to the app, and the document that the gateway merges."""
        app.config["RESTX_INCLUDE_ALL_MODELS"] = True  # also those that only others refer to
        self.init_app(app, add_specs=False)  # theirs would carry no policy
        for namespace in namespaces:
            self.add_namespace(namespace)

        @public
        def swagger() -> Response:
            patterns = api_document.path_patterns(app, PREFIX)
            return jsonify(api_document.complete(self.__schema__, patterns))

        app.add_url_rule(f"{PREFIX}/swagger.json", "swagger", swagger)


class Noun(Namespace):  # type: ignore[misc]  # the library is untyped
    """A namespace whose decorators keep the type of what they decorate."""

    def documented(
        self,
        answers: Mapping[int, tuple[str, Any] | str],
        *,
        body: Any = None,
        params: Sequence[type[BaseModel]] = (),
        public: bool = False,
        optional: bool = False,
        produces: str = "",
        foreign_params: bool = False,
    ) -> Callable[[ViewT], ViewT]:
        """Document a method: what each status means (with its model, if it has one), what is
        sent, the query string, that no credentials are needed (`optional`: or not always), and
        the media type of an answer that is no JSON. What many answer alike is `api_document`'s.

        A parameter that `params` does not have is refused (`takes`). `foreign_params` lets others
        pass, where somebody else's redirect adds its own."""
        shown: dict[str, Any] = {
            "responses": {
                str(status): (said, None) if isinstance(said, str) else said
                for status, said in answers.items()
            },
            "params": {name: p for model in params for name, p in _parameters(model).items()},
        }
        if body is not None:
            shown |= {"expect": [body], "validate": False}
        if public:
            shown["security"] = []
        if optional:
            shown["security"] = [{}, "bearer"]
        if produces:
            shown["produces"] = [produces]

        def mark(view: ViewT) -> ViewT:
            checked = view if foreign_params else takes(*params)(view)
            marked: ViewT = self.doc(**shown)(checked)
            return marked

        return mark


def _parameters(model: type[BaseModel]) -> dict[str, Any]:
    """The fields of a query string's model, as Swagger's parameters."""
    fields: dict[str, Any] = _schema(model)["properties"]
    return {name: _parameter(dict(schema)) for name, schema in fields.items()}


def _parameter(schema: dict[str, Any]) -> dict[str, Any]:
    """A query string has no null: what may be null may be left out."""
    for choice in schema.pop("anyOf", ()):
        schema |= choice if choice != NULL else {}
    if schema.get("default", ...) is None:
        del schema["default"]
    several = {"collectionFormat": "csv"} if schema.get("type") == "array" else {}
    return {"in": "query", "description": schema.pop("description", ""), "schema": schema} | several


def json_body(model: type[ModelT]) -> ModelT:
    """The request's JSON as `model`; 400 when it is no JSON object, 422 naming a wrong field."""
    try:
        data = request.get_json(force=True)
    except (WerkzeugBadRequest, RecursionError):
        raise BadRequest("The body is not valid JSON.", param="body") from None
    if not isinstance(data, dict):
        raise BadRequest("The body must be a JSON object.", param="body")
    if b"\\u0000" in request.get_data():
        _refuse_nul(data)
    return model.model_validate(data)


def _refuse_nul(data: dict[str, Any]) -> None:
    """As `web` does for paths and query strings."""
    for name, value in data.items():
        if _has_nul(name) or _has_nul(value):
            field = name.replace("\0", "")
            raise InvalidField(f"{field}: No text may have a NUL in it.", param=field)


def _has_nul(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_has_nul(part) for item in value.items() for part in item)
    if isinstance(value, list):
        return any(_has_nul(part) for part in value)
    return isinstance(value, str) and "\0" in value


def takes(*models: type[BaseModel]) -> Callable[[ViewT], ViewT]:
    """Decorate a view: its query string may have the fields of these models, each of them once.
    Anything else is 422, which names the parameter and those that are known. A view that is
    `documented` has this already."""
    known = tuple(name for model in models for name in model.model_fields)

    def mark(view: ViewT) -> ViewT:
        @functools.wraps(view)
        def checked(*args: Any, **kwargs: Any) -> Any:
            _refuse_unknown(known)
            return view(*args, **kwargs)

        return cast(ViewT, checked)

    return mark


def _refuse_unknown(known: Sequence[str]) -> None:
    for name, values in request.args.lists():
        param = name[:SHOWN_CHARACTERS] or "query"
        if name not in known:
            names = f"known are {', '.join(known)}" if known else "none is known here"
            raise InvalidField(f"{param}: There is no such parameter; {names}.", param=param)
        if len(values) > 1:
            raise InvalidField(f"{param}: Send this parameter once.", param=param)


def query(model: type[ModelT]) -> ModelT:
    """The fields of `model` from the query string; 422 naming a wrong one."""
    sent = request.args.to_dict()
    return model.model_validate({name: sent[name] for name in model.model_fields if name in sent})


def page_size() -> int:
    """`?limit=`, from 1 to 200, 50 unless given."""
    text = request.args.get("limit", str(PAGE_DEFAULT))
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:6]) <= PAGE_MAX:
        raise InvalidField(f"limit: a number from 1 to {PAGE_MAX}.", param="limit")
    return int(text)


def page_cursor() -> str | None:
    """`?cursor=` of a list whose places are ids, checked for its form only: any text of it is a
    place in the list."""
    text = request.args.get("cursor")
    if text is not None and not re.fullmatch(ID_CURSOR, text):
        raise InvalidField("cursor: not one that this list gave.", param="cursor")
    return text


def page_of(rows: Sequence[RowT], place_of: Callable[[RowT], str]) -> tuple[list[RowT], str | None]:
    """The page that the request asks for, of rows that are all there, and the cursor of the next.
    `place_of` gives a text for each row; the rows are in its order."""
    after, size = _place(), page_size()
    rest = [row for row in rows if after is None or place_of(row) > after]
    shown = rest[:size]
    return shown, _cursor(place_of(shown[-1])) if len(rest) > size else None


def _cursor(place: str) -> str:
    return base64.urlsafe_b64encode(place.encode()).decode()


def _place() -> str | None:
    text = request.args.get("cursor")
    if text is None:
        return None
    try:
        if not re.fullmatch(CURSOR, text):
            raise ValueError(text)
        return base64.urlsafe_b64decode(text).decode()
    except (binascii.Error, ValueError):
        raise InvalidField("cursor: not one that this list gave.", param="cursor") from None


def page(rows: list[dict[str, Any]], next_cursor: str | None = None) -> dict[str, Any]:
    """The shape of every list."""
    return {"data": rows, "next_cursor": next_cursor}


def document(namespace: Namespace, model: type[BaseModel]) -> Any:
    """A pydantic model as a Swagger model of the same name, its nested models beside it."""
    schema = _schema(model)
    for name, nested in schema.pop("$defs", {}).items():
        namespace.schema_model(name, nested)
    return namespace.schema_model(model.__name__, schema)


def named(pattern: re.Pattern[str] | str) -> dict[str, Any]:
    """For `route(doc=)`: what a `name` in the path must look like."""
    text = pattern if isinstance(pattern, str) else f"^{pattern.pattern}".replace(r"\Z", "$")
    return {"params": {"name": {"pattern": text}}}


def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema(ref_template="#/definitions/{model}", schema_generator=Untitled)
