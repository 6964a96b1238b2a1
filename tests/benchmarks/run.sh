#!/usr/bin/env bash
# The portal against the best existing package, turn by turn in one run. More repetitions: REPS=5 make bench
set -euo pipefail
cd "$(dirname "$0")"

export BENCH_ROOT="${BENCH_ROOT:-${TMPDIR:-/tmp}/webhook-bench}"
reps="${REPS:-3}"
package=harness/adapters/django-webhook2

mkdir -p "$BENCH_ROOT/venvs"
if [ ! -x "$BENCH_ROOT/venvs/django-webhook2/bin/celery" ]; then
    python3 -m venv "$BENCH_ROOT/venvs/django-webhook2"
    "$BENCH_ROOT/venvs/django-webhook2/bin/pip" install -q \
        django-webhook2==0.11.0 'django<6' 'celery>=5.7' 'redis<7' 'psycopg[binary,pool]' packaging
fi
bash harness/services.sh start
trap 'bash harness/services.sh stop' EXIT

measure() { python harness/measure.py "$@" | grep MEDIAN; }

for _ in $(seq "$reps"); do
    measure throughput "$package" prefork4r --endpoints 50 --events 40 --reps 1
    measure throughput portal two --endpoints 50 --events 200 --reps 1
    measure throughput "$package" threads16r --endpoints 1 --events 1000 --reps 1
    measure throughput portal one --endpoints 1 --events 2000 --reps 1
    measure throughput "$package" threads64r --endpoints 50 --events 40 --delay-ms 100 --reps 1
    measure throughput portal two --endpoints 50 --events 200 --delay-ms 100 --reps 1
    measure latency "$package" threads16r --reps 1
    measure latency portal one --reps 1
    measure isolation portal one --hang 0 --reps 1
    measure isolation portal one --hang 70 --reps 1
    measure kill portal one --quiet 40 --reps 1 # longer than a lease
done
