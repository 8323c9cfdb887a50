"""What is tested: the services' own documents, merged as the gateway does it."""

from copy import deepcopy

import schemathesis
from schemathesis.config import SchemathesisConfig

from tests.api.settings import LEFT_OUT, MANAGEMENT, SCHEMATHESIS
from tests.architecture.apps import whole_document

DOCUMENT = whole_document()
_config = SchemathesisConfig.from_dict(SCHEMATHESIS)
operations = (
    schemathesis.openapi.from_dict(deepcopy(DOCUMENT), config=_config)  # it keeps notes in there
    .include(path_regex=MANAGEMENT)
    .exclude(path=list(LEFT_OUT))
)
COUNT = len(list(operations.get_all_operations()))
