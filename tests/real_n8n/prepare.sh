#!/usr/bin/env bash
# Installs a real n8n from npm into a folder, with the workflow of docs/n8n and the tests' secret, and runs it until Ctrl-C:
#   tests/real_n8n/prepare.sh FOLDER
#   TRIAGE_TEST_N8N_URL=http://127.0.0.1:5779 uv run pytest tests/real_n8n
# Needs Node 24, a C++ compiler, and 2 GB. Scripts of packages are not run: only SQLite's driver is built.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mkdir -p "$1" && cd "$1"
[ -x node_modules/.bin/n8n ] || npm install --no-audit --no-fund --ignore-scripts n8n@2.41.1
[ -f node_modules/sqlite3/build/Release/node_sqlite3.node ] || (cd node_modules/sqlite3 && npx --yes node-gyp rebuild)

export N8N_USER_FOLDER="$PWD" N8N_PORT=5779 N8N_LISTEN_ADDRESS=127.0.0.1 N8N_RUNNERS_BROKER_PORT=5780
export WEBHOOK_URL=http://127.0.0.1:5779/ NODE_FUNCTION_ALLOW_BUILTIN=crypto
export N8N_DIAGNOSTICS_ENABLED=false N8N_VERSION_NOTIFICATIONS_ENABLED=false N8N_TEMPLATES_ENABLED=false
secret=$(sed -n 's/^SECRET = "\(.*\)"/\1/p' "$here/../review/receiver.py")
sed "s|whsec_PUT-THE-SECRET-HERE|$secret|" "$here/../../docs/n8n/approved-decision.json" > workflow.json
node_modules/.bin/n8n import:workflow --input=workflow.json
node_modules/.bin/n8n publish:workflow --id=exceptionDeskIn01
exec node_modules/.bin/n8n start
