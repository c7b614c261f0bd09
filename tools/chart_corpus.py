"""Make charts of all entries of a catalog, check them with Helm and kubernetes-validate, and count the gaps that they report.

python tools/chart_corpus.py CATALOG [NAME...]    CATALOG: a folder with templates/; the newest revision of each entry is used
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import kubernetes_validate
import yaml

from catalog_forge.chart.charting import Chart, chart
from catalog_forge.cli.run.entries import opened
from catalog_forge.errors import ForgeError
from catalog_forge.rancher.questions import answered

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.chart.helm import NEWEST, OLDEST, required  # noqa: E402


def made(catalog: Path, name: str) -> Chart:
    """Return the chart of an entry's newest revision with the default answers. Raises ForgeError like the command `chart`."""
    entry = opened(catalog, f"templates/{name}", None)
    newest = entry.entry.revisions[-1].name if entry.entry.revisions else None
    entry = opened(catalog, f"templates/{name}", newest)
    return chart(
        entry, answered(entry.questions, {}, lambda question: f"other/{question.variable}" if question.type == "service" else "")
    )


def judged(helm: str, found: Chart, folder: Path) -> str:
    """Return why Helm or kubernetes-validate refuses a chart, or an empty string if both accept it."""
    for file in found.plan:
        path = folder / found.name / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)
    values = folder / "values.json"
    values.write_text(json.dumps({"answers": {key.partition("/")[2]: value for key, value in required(found).items()}}))
    place = [folder / found.name, "--kube-version", f"{NEWEST}.0", "--values", values]
    linted = subprocess.run([helm, "lint", "--strict", *place], capture_output=True, text=True, check=False)
    if linted.returncode:
        return f"helm lint: {' '.join((linted.stdout + linted.stderr).split())[-300:]}"
    for version in (OLDEST, NEWEST):
        place[2] = f"{version}.0"
        rendered = subprocess.run([helm, "template", "release", *place], capture_output=True, text=True, check=False)
        if rendered.returncode:
            return f"helm template: {rendered.stderr.strip()[-300:]}"
        for each in yaml.safe_load_all(rendered.stdout):
            if each and (fault := refused(each, version)):
                return f"kubernetes {version}: {fault}"
    return ""


def refused(each: dict[str, Any], version: str) -> str:
    """Return why an object is not valid, or an empty string if it is valid."""
    try:
        kubernetes_validate.validate(each, version, strict=True)
    except kubernetes_validate.ValidationError as error:
        return f"{each['kind']} {each['metadata']['name']}: {'.'.join(map(str, error.path))}: {error.message[:200]}"
    return ""


def main(catalog: Path, *names: str) -> None:
    """Print each entry without a valid chart and why, the number of each outcome, and the number of entries with each gap."""
    helm = subprocess.run([Path(__file__).parent / "helm.sh"], capture_output=True, text=True, check=True).stdout.strip()
    reports: dict[str, set[str]] = defaultdict(set)
    outcomes: Counter[str] = Counter()
    for name in names or sorted(path.name for path in (catalog / "templates").iterdir() if path.is_dir()):
        try:
            found = made(catalog, name)
        except ForgeError as error:
            outcome = "not an entry of compose files" if "compose" in str(error) and "no docker" in str(error) else "no chart"
            print(f"{name}: {outcome}: {str(error).splitlines()[0]}")
        else:
            with TemporaryDirectory() as folder:
                why = judged(helm, found, Path(folder))
            outcome = "refused" if why else "accepted"
            if why:
                print(f"{name}: {why}")
            for gap in found.gaps:
                reports[gap.kind].add(name)
        outcomes[outcome] += 1
    print(dict(outcomes))
    for kind, entries in sorted(reports.items(), key=lambda pair: (-len(pair[1]), pair[0])):
        print(f"| {kind} | {len(entries)} |")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
