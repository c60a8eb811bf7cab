import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
NEEDED = [
    *("BASE_URL", "SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL", "MEDIA_ROOT", "EMAIL_URL"),
    *("DEFAULT_FROM_EMAIL", "CACHE_URL", "BROKER_URL"),
]


def check(tmp_path, **environment):
    """Start with exactly this environment."""
    return subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_start_without_settings_stops_and_names_all_of_them(tmp_path):
    started = check(tmp_path)

    assert started.returncode != 0
    last_line = started.stderr.strip().splitlines()[-1]
    assert [name for name in NEEDED if name not in last_line] == []


def test_one_missing_setting_is_named_alone(tmp_path):
    given = dict.fromkeys(NEEDED, "redis://127.0.0.1/0") | {
        "DATABASE_URL": "sqlite:////tmp/unused",
        "EMAIL_URL": "smtp://127.0.0.1:25",
        "SECRET_KEY": "",
    }

    started = check(tmp_path, **given)

    assert "Set SECRET_KEY in the environment" in started.stderr


def test_development_needs_no_setting(tmp_path):
    started = check(tmp_path, DEBUG="1")

    assert started.returncode == 0, started.stderr
