"""Where a bench finds what was built and installed for it, and what it hands on to others."""

import hashlib
import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Context:
    """Everything that `cargo xtask bench` has put in place."""

    # Git-ignored, for everything that is made: models, vectors, catalogs. Kept between runs.
    work: Path
    clip_rs: Path
    clip_rs_server: Path
    # The engine as a native command (bench/native), and candle as one (bench/candle).
    native: Path
    candle: Path
    chromium: Path
    chromedriver: Path
    # `node_modules` of bench/package.json.
    npm: Path
    # Our encoder and index for the browser: wasm-bindgen's output by the name shown.
    wasm: dict[str, Path]
    # The built page, and the sample area's catalog, as `cargo xtask demo` makes them.
    dist: Path
    catalog: Path
    # A folder with rsicd.tar.gz, for real captions; not everybody has one.
    data: Path | None
    # Also the cases that take long.
    large: bool

    @classmethod
    def from_environment(cls, data: Path | None, large: bool) -> "Context":
        def path(name: str) -> Path:
            if name not in os.environ:
                raise SystemExit(f"{name} is not set: run this through `cargo xtask bench`")
            return Path(os.environ[name])

        return cls(
            work=path("BENCH_WORK"), clip_rs=path("CLIP_RS_BIN"), clip_rs_server=path("CLIP_RS_SERVER_BIN"),
            native=path("BENCH_NATIVE"), candle=path("BENCH_CANDLE"),
            chromium=path("CHROMIUM"), chromedriver=path("CHROMEDRIVER"), npm=path("BENCH_NPM"),
            wasm={"ours (simd128)": path("BENCH_WASM_SIMD128"), "ours (relaxed SIMD)": path("BENCH_WASM_RELAXED")},
            dist=path("CLIP_RS_DIST"), catalog=path("CLIP_RS_CATALOG"), data=data, large=large,
        )

    def npm_version(self, package: str) -> str:
        """The version of an npm package as installed."""
        return json.loads((self.npm / package / "package.json").read_text())["version"]

    def folder(self, name: str) -> Path:
        """A folder for what a bench makes."""
        folder = self.work / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def run(*command, given: str | None = None) -> str:
    """Runs a program and returns what it printed; its error output is the message if it fails."""
    return run_for_bytes(*command, given=given).decode()


def run_for_bytes(*command, given: str | None = None) -> bytes:
    """As `run`, for a program that prints numbers. `given` is its standard input."""
    words = [str(word) for word in command]
    done = subprocess.run(words, capture_output=True, input=None if given is None else given.encode())
    if done.returncode != 0:
        told = (done.stderr.strip() or done.stdout.strip()).decode(errors="replace")[-2000:]
        raise RuntimeError(f"{Path(str(command[0])).name} failed ({done.returncode}): {told}")
    return done.stdout


def digest(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_made_from(mark: Path, made_from: str) -> bool:
    """Whether a mark beside what a bench made names the digest of what it was made from: models are trained anew."""
    return mark.exists() and mark.read_text() == made_from
