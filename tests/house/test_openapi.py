"""The API's description that is kept in docs/ is the one that the code gives."""

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer

from tests.house.tree import ROOT

MEND = "bin/manage spectacular --file docs/openapi.yaml --validate --fail-on-warn, and say in CHANGELOG.md"


def test_the_kept_description_is_true() -> None:
    schema = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    written = OpenApiYamlRenderer().render(schema, renderer_context={})  # type: ignore[no-untyped-call]
    kept = (ROOT / "docs" / "openapi.yaml").read_text()
    assert kept == written.decode(), MEND
