"""The resource that can be rendered only once all peers exist: how the conf container waits for the scale."""

from __future__ import annotations

from catalog_forge.confd.resource import Resource, compile_file
from catalog_forge.spec.launching import made
from catalog_forge.spec.model import Condition, ConfFile, Spec, TextBlock, WhenBlock


def scale_resource(spec: Spec) -> Resource:
    """Return a resource that fails until as many peers are listed as the service's scale says.

    The scale is the desired state: peers appear later (docs/facts/confd.md#6.2). A path that never exists is what fails.
    """
    block = WhenBlock(
        when=Condition(eq=(made("@{count(peers)}"), made("@{service.scale}"))),
        then=(TextBlock(text=made("@{service.scale}\n")),),
        otherwise=(TextBlock(text=made("@{/self/service/waiting-for-all-peers}")),),
    )
    file = ConfFile(dest=f"{spec.share}/scale", body=(block,), format="raw")
    return compile_file(spec, file, "scale", lambda name, _block: name)
