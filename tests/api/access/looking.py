"""Finding out what a credential reaches: each operation is called on an object of each relation."""

import secrets

from tests.api.access.objects import FACTORIES, RELATIONS, NotThere, Scene
from tests.api.access.operations import Operation, body

REFUSED = {401, 403, 404}
ALONE = "yes"
"""What is said of an operation that names no object."""


class Looking:
    """Objects are made once for each relation, and for each call that may change them."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._made: dict[tuple[str, str], dict[str, str] | None] = {}

    def reached(self, operation: Operation) -> dict[str, bool]:
        """Return, by relation, whether the credential reaches such an object; those relations are
        left out in which it can have none."""
        if operation.noun is None:
            return {ALONE: self._is_let_in(operation, {})}
        if operation.method == "PUT":  # it names what is made in one's own organisation
            return {ALONE: self._is_let_in(operation, {"name": f"m{secrets.token_hex(6)}"})}
        answers = {}
        for relation in RELATIONS:
            parameters = self._object(operation, relation)
            if parameters is not None:
                answers[relation] = self._is_let_in(operation, parameters)
        return answers

    def _object(self, operation: Operation, relation: str) -> dict[str, str] | None:
        noun = str(operation.noun)
        if operation.changes:
            return self._new(noun, relation)
        if (noun, relation) not in self._made:
            self._made[noun, relation] = self._new(noun, relation)
        return self._made[noun, relation]

    def _new(self, noun: str, relation: str) -> dict[str, str] | None:
        try:
            return FACTORIES[noun](self._scene, relation)
        except NotThere:
            return None

    def _is_let_in(self, operation: Operation, parameters: dict[str, str]) -> bool:
        path = operation.filled(parameters)
        sent = body(operation, self._scene, parameters)
        answer = self._scene.credential.call(operation.method, path, sent)
        is_wrong = answer.status_code in (400, 422) or answer.status_code >= 500
        assert not (is_wrong and path.startswith("/api/")), (operation.name, sent, answer.text)
        return answer.status_code not in REFUSED
