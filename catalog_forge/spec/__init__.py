"""Read the author's description of a conf image (its spec) into a `Spec` that the other packages can rely on."""
