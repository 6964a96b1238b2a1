# Everything a newcomer needs, with Python 3.11 or newer and make. Another Python: make PYTHON=python3.13 …

PYTHON ?= python3
PORT ?= 8000
RECEIVER_PORT ?= 9000
ARGS ?=
SOAK ?= 15

export PATH := $(CURDIR)/.venv/bin:$(PATH)
export RECEIVER_PORT

.PHONY: install run test faults bench screenshots check fix lock audit licences

install: .venv/installed

.venv/installed: requirements-dev.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "The portal needs Python 3.11 or newer; $(PYTHON) is `$(PYTHON) --version 2>&1`."; \
		echo "Install a newer one and name it, for example: make PYTHON=python3.13 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv --clear .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

# The portal, a worker, beat and an endpoint to send to; Ctrl-C stops them all.
run: export WEBHOOKS_ALLOW_LOOPBACK = true
run: export PORTAL_PORT = $(PORT)
run: export PORTAL_URL = http://localhost:$(PORT)
run: install
	@python -m portal.ports $(PORT) $(RECEIVER_PORT)
	@python manage.py migrate --verbosity 0
	@python manage.py demo --port $(PORT) --receiver-port $(RECEIVER_PORT)
	@honcho --env /dev/null --procfile Procfile.dev start || test $$? = 130 # Ctrl-C

# Every suite on every engine. One of them, or one test: .venv/bin/pytest -k NAME
test: install
	@python -m tests.run $(ARGS)

# Every fault, the slow ones too, then mixed load for SOAK minutes while workers and servers are killed.
faults: install
	@pytest -n 2 tests/faults $(ARGS)
	@python -m tests.faults.soak --minutes $(SOAK)

# Against an existing package, in one run, on PostgreSQL and Redis (needs both, gcc, and root to start them).
bench: install
	@bash tests/benchmarks/run.sh $(ARGS)

# The README's pictures, from a demo of its own (needs Chromium).
screenshots: install
	@python -m tests.screenshots

check: install
	ruff check .
	ruff format --check .
	mypy
	lint-imports --no-logo
	python manage.py makemigrations --check --dry-run
	python manage.py check --fail-level WARNING
	DEBUG=false WEBHOOKS_ALLOW_LOOPBACK=false ALLOWED_HOSTS=portal.example.com \
		DATABASE_URL=postgres://portal@db.example.com/portal REDIS_URL=redis://redis.example.com/0 \
		EMAIL_URL=smtp+tls://user:password@smtp.example.com:587 SECURITY_CONTACT=mailto:security@example.com \
		SECRET_KEY=`python -c 'import secrets; print(secrets.token_urlsafe(50))'` \
		FIELD_ENCRYPTION_KEYS=`python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'` \
		python manage.py check --deploy --fail-level WARNING

# What the linter and the formatter can put right by themselves.
fix: install
	ruff check --fix .
	ruff format .

# After a change of the pins: the same pins with the hashes of all their files, for every Python and machine.
lock:
	uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-annotate \
		--custom-compile-command "make lock" requirements.txt --output-file requirements.lock
	uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-annotate \
		--custom-compile-command "make lock" requirements-dev.txt --output-file requirements-dev.lock

# Known faults of what is pinned. Says so where there is no database of them to ask.
audit: install
	@python -m tests.audit

# Under which licences it comes.
licences: install
	@pip-licenses --from=mixed --order=license --with-urls
