"""`python -m catalog_forge`, and the entry point of the `catalog-forge` command."""

import gc

from catalog_forge.cli.main import root


def main() -> None:
    """Run the command line."""
    # Collect garbage rarely, because commands keep most objects: the default rate takes a tenth of the time of `new`.
    gc.set_threshold(100_000)
    root(prog_name="catalog-forge")


if __name__ == "__main__":
    main()
