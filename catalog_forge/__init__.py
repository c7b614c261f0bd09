"""Generate, build and prove Rancher 1.x catalog entries and confd configuration images."""

# The build reads the version from here. Looking it up with importlib.metadata would take longer than importing click.
__version__ = "0.1.0"
