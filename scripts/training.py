"""The environment that the models are trained in (.nox/models): locked, and apart, as TFX wants older versions."""

import sys
from pathlib import Path

import nox

from scripts.environments import ROOT, fingerprint

TRAINING = ROOT / ".nox" / "models"
LOCK = ROOT / "models" / "training.lock"
PYTHON = "3.11"  # the last that all wheels of TFX are for
UV = "uv==0.13.9"  # half a minute, where pip takes four


def training_environment(session: nox.Session) -> Path:
    """The folder of its programs, once everything in models/training.lock is there: 3 GB."""
    python, stamp, wanted = TRAINING / "bin" / "python", TRAINING / "installed.txt", fingerprint(LOCK)
    if not stamp.exists() or stamp.read_text() != wanted:
        session.log("installing TFX: a minute or some, the first time")
        session.run(sys.executable, "-m", "virtualenv", "--quiet", "--clear", f"--python={PYTHON}", str(TRAINING))
        session.run(str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", UV)
        uv = (str(TRAINING / "bin" / "uv"), "pip", "install", "--quiet", f"--python={python}")
        session.run(*uv, "--no-deps", "--require-hashes", "--compile-bytecode", f"--requirement={LOCK}")
        stamp.write_text(wanted)
    return TRAINING / "bin"
