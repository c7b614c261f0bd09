"""`python -m catalog_forge`, and the entry point of the `catalog-forge` command."""

from catalog_forge.cli.main import root


def main() -> None:
    """Run the command line."""
    root(prog_name="catalog-forge")


if __name__ == "__main__":
    main()
