"""docs/walkthrough.ipynb runs as it is written, and says of prediction what docs/python.md says."""

import os
import re
from copy import deepcopy
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

DOCS = Path(__file__).parents[1] / "docs"
NOTEBOOK = nbformat.read(DOCS / "walkthrough.ipynb", as_version=4)


def code() -> str:
    return "\n".join(cell.source for cell in NOTEBOOK.cells if cell.cell_type == "code")


@pytest.mark.slow
def test_the_notebook_runs_from_images_to_a_tuned_network(monkeypatch, tmp_path):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(DOCS.parent), os.environ.get("PYTHONPATH", "")]))
    notebook = deepcopy(NOTEBOOK)
    NotebookClient(notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": DOCS}}).execute()
    printed = "".join(output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", []))
    assert re.search(r"\d+ cells found, \d+ annotated, ap \d", printed)
    assert re.search(r"fine-tuned +boundary_f1 0\.\d{3}", printed)
    assert "label,area,centroid-0" in printed


def test_the_notebook_keeps_no_outputs():
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in NOTEBOOK.cells)


def test_what_the_notebook_and_the_page_about_python_share_is_the_same():
    page = "\n".join(re.findall(r"```python\n(.*?)```", (DOCS / "python.md").read_text(), re.DOTALL))
    shared = [
        line
        for line in code().splitlines()
        if re.match(r"(from seg\.(data\.reading|inference|instances)|predictor|probability|labels|table) ?", line)
    ]
    assert len(shared) >= 6
    missing = [
        line for line in shared if line not in page and "write_artifact" not in line and "predictor =" not in line
    ]
    assert missing == []
    assert "Predictor.load(" in page
