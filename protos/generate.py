"""Writes the stubs under protos/gen from the contract, tells whether they are current, and lints the contract.

usage: python protos/generate.py [--check | --lint]
"""

import argparse
import filecmp
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

PROTOS = Path(__file__).resolve().parent
GEN = PROTOS / "gen"
DESCRIPTORS = PROTOS.parent / ".build" / "all.binpb"
PLUGINS = {"python": "", "grpc_python": "", "mypy": "quiet:", "mypy_grpc": "quiet:"}
LINT = '{"version":"v2","lint":{"use":["STANDARD","COMMENTS"],"ignore":["google"]}}'


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare the committed stubs with fresh ones")
    parser.add_argument("--lint", action="store_true", help="run buf's STANDARD and COMMENTS rules")
    chosen = parser.parse_args()
    if chosen.check:
        return check()
    if chosen.lint:
        return lint()
    write()
    return 0


def write() -> None:
    with tempfile.TemporaryDirectory(dir=PROTOS) as draft:
        generate(Path(draft))
        shutil.rmtree(GEN / "patronage", ignore_errors=True)
        GEN.mkdir(exist_ok=True)
        (Path(draft) / "patronage").rename(GEN / "patronage")


def check() -> int:
    """1 and a list on stderr when a stub is missing, superfluous, or not what the contract gives."""
    with tempfile.TemporaryDirectory() as draft:
        generate(Path(draft))
        stale = sorted(differences(Path(draft), GEN))
    for name in stale:
        sys.stderr.write(f"protos/gen/{name} is not current: run `make protos` and commit it\n")
    return 1 if stale else 0


def differences(fresh: Path, committed: Path) -> set[str]:
    names = stubs_in(fresh) | stubs_in(committed)
    return set(filecmp.cmpfiles(fresh, committed, names, shallow=False)[1]) | (stubs_in(fresh) ^ stubs_in(committed))


def stubs_in(root: Path) -> set[str]:
    files = (path for path in root.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return {str(path.relative_to(root)) for path in files}


def lint() -> int:
    DESCRIPTORS.parent.mkdir(exist_ok=True)
    protoc("--include_imports", "--include_source_info", f"--descriptor_set_out={DESCRIPTORS}")
    buf = Path(sys.executable).with_name("buf")
    return subprocess.run([buf, "lint", DESCRIPTORS, "--config", LINT], check=False).returncode


def generate(target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    protoc(*(f"--{kind}_out={options}{target}" for kind, options in PLUGINS.items()))
    (target / "patronage" / "py.typed").touch()


def protoc(*arguments: str) -> None:
    """The google protos come with googleapis-common-protos and grpcio-tools; the plugins lie beside python."""
    includes = [PROTOS, package_folder("google.type").parents[1], package_folder("grpc_tools") / "_proto"]
    files = sorted(str(path) for path in (PROTOS / "patronage").rglob("*.proto"))
    subprocess.run(
        [sys.executable, "-m", "grpc_tools.protoc", *(f"-I{folder}" for folder in includes), *arguments, *files],
        check=True,
        env=os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"},
    )


def package_folder(name: str) -> Path:
    spec = find_spec(name)
    assert spec is not None, f"{name} is not installed"
    assert spec.submodule_search_locations, f"{name} is not a package"
    return Path(next(iter(spec.submodule_search_locations)))


if __name__ == "__main__":
    sys.exit(main())
