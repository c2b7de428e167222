"""Derives which packages the inference of sam-3d-objects imports, from its source.

    python derive.py PATH_TO_GIT_REPOSITORY [COMMIT] > imports.json

It follows import statements within the package, starting at the modules that the worker and
pipeline.yaml name, and lists every module of another package with the files that import it and how:
at once, in a branch (an if or try statement of the module, as for attention backends), or only
inside a function. Standard library modules are omitted. `packages.json` names the distribution of
each module, or why none is installed.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator

COMMIT = "cf066761706cd02b07e2fc6274570ec8cdafb683"
#: The entry points of inference: what the worker imports, and the folders of the classes that the
#: checkpoints' configurations (gated, so not read here) can name.
ROOTS = ("sam3d_objects/pipeline/inference_pipeline_pointmap.py", "sam3d_objects/pipeline/depth_models/moge.py")
NAMED_BY_CONFIGURATIONS = ("sam3d_objects/model/backbone/", "sam3d_objects/data/dataset/tdfy/", "sam3d_objects/pipeline/")


class Repository:
    def __init__(self, path: str, commit: str) -> None:
        self._path, self._commit = path, commit
        listed = self._git("ls-tree", "-r", "--name-only", commit)
        self.files = [f for f in listed.splitlines() if f.startswith("sam3d_objects/") and f.endswith(".py")]

    def _git(self, *arguments: str) -> str:
        return subprocess.run(["git", "-C", self._path, *arguments], check=True, capture_output=True, text=True).stdout

    def tree(self, file: str) -> ast.Module:
        return ast.parse(self._git("show", f"{self._commit}:{file}"))

    def file_of(self, module: str) -> str | None:
        base = module.replace(".", "/")
        return next((f for f in (base + ".py", base + "/__init__.py") if f in self.files), None)


HOW = ("atOnce", "inBranches", "insideFunctions")


def imports(tree: ast.Module, file: str) -> Iterator[tuple[str, str]]:
    """Yields the absolute names of the modules that a file imports, and how."""
    package = file.removesuffix(".py").removesuffix("/__init__").split("/")
    if not file.endswith("__init__.py"):
        package = package[:-1]

    def walk(node: ast.AST, how: str) -> Iterator[tuple[str, str]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                for alias in child.names:
                    yield alias.name, how
            elif isinstance(child, ast.ImportFrom):
                above = package[: len(package) - child.level + 1] if child.level else []
                base = ".".join([*above, *([child.module] if child.module else [])])
                yield base, how
                for alias in child.names:  # a name may be a submodule
                    yield f"{base}.{alias.name}", how
            else:
                yield from walk(child, deeper(how, child))

    yield from walk(tree, HOW[0])


def deeper(how: str, node: ast.AST) -> str:
    """Returns how a node within another is reached: the later of the two in HOW."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
        return HOW[2]
    return HOW[1] if how == HOW[0] and isinstance(node, (ast.If, ast.Try)) else how


def parents(module: str) -> list[str]:
    """Returns the module and its parent packages, whose __init__ modules run first."""
    parts = module.split(".")
    return [".".join(parts[:n]) for n in range(1, len(parts) + 1)]


def derive(repository: Repository) -> dict[str, object]:
    start = [*ROOTS, *(f for f in repository.files if f.startswith(NAMED_BY_CONFIGURATIONS))]
    waiting, seen = list(dict.fromkeys(start)), set(start)
    foreign: dict[str, dict[str, list[str]]] = {}
    while waiting:
        file = waiting.pop()
        for module, how in imports(repository.tree(file), file):
            if module.split(".")[0] == "sam3d_objects":
                for name in parents(module):
                    found = repository.file_of(name)
                    if found and found not in seen:
                        seen.add(found)
                        waiting.append(found)
                continue
            top = module.split(".")[0]
            if top and top not in sys.stdlib_module_names:
                users = foreign.setdefault(top, {name: [] for name in HOW})[how]
                if file not in users:
                    users.append(file)
    return {"files": sorted(seen), "imports": {k: {w: sorted(v) for w, v in foreign[k].items()} for k in sorted(foreign)}}


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    commit = sys.argv[2] if len(sys.argv) == 3 else COMMIT
    print(json.dumps({"repository": "facebookresearch/sam-3d-objects", "commit": commit, **derive(Repository(sys.argv[1], commit))}, indent=1))
