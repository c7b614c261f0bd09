"""Generate, build and prove Rancher 1.x catalog entries and confd configuration images."""

# Written here and read by the build: importlib.metadata costs more at start than all of click.
__version__ = "0.1.0"
