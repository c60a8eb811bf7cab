# What can be done with this tree. Everything runs from .venv, which `make setup` makes.

PYTHON ?= python3
PY := .venv/bin/python
# On a developer's machine nothing needs to be set; an installation sets DEBUG=0 and the rest.
export DEBUG ?= 1

# Values that let the checks look at a production start; nothing connects to them.
PRODUCTION = DEBUG=0 BASE_URL=https://dealdesk.example ALLOWED_HOSTS=dealdesk.example \
	SECRET_KEY=unused-unused-unused-unused-unused-unused-unused-0123456789 \
	DATABASE_URL=postgres://unused@127.0.0.1/unused BROKER_URL=redis://127.0.0.1/0 \
	CACHE_URL=redis://127.0.0.1/1 EMAIL_URL=smtp+tls://127.0.0.1:587 \
	DEFAULT_FROM_EMAIL=dealdesk@dealdesk.example MEDIA_ROOT=/tmp/unused

# `make -k check` goes on after a failure and shows all of them.
.PHONY: setup run test check check-format check-lint check-imports check-types check-migrations \
	check-deploy format lock bench demo-tamper clean

setup: .venv/.installed

.venv/.installed: requirements-dev.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed.")'
	test -x $(PY) || $(PYTHON) -m venv .venv
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

run: setup
	@exec $(PY) manage.py run

test: check
	$(PY) -m tests.run $(ARGS)

check: check-format check-lint check-imports check-types check-migrations check-deploy

check-format: setup
	$(PY) -m ruff format --check --quiet .

check-lint: setup
	$(PY) -m ruff check .

check-imports: setup
	.venv/bin/lint-imports

check-types: setup
	$(PY) -m mypy

check-migrations: setup
	DJANGO_SETTINGS_MODULE=tests.settings $(PY) manage.py makemigrations --check --dry-run

check-deploy: setup
	$(PRODUCTION) $(PY) manage.py check --deploy --fail-level WARNING

format: setup
	$(PY) -m ruff check --fix --exit-zero .
	$(PY) -m ruff format .

# Locks with hashes and without the address of any registry.
lock: setup
	test -x var/uv/bin/uv || ($(PYTHON) -m venv var/uv && var/uv/bin/pip install --quiet uv)
	var/uv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links pyproject.toml -o requirements.lock
	var/uv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --extra dev pyproject.toml -o requirements-dev.lock

bench: setup
	$(PY) -m bench $(ARGS)

demo-tamper: setup
	$(PY) manage.py demo_tamper

clean:
	rm -rf var staticfiles .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
