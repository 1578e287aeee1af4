# The service with its dependencies from the lock, as a user without rights. Works with a read-only root file system:
# everything that is written goes to /data (a volume) and /tmp.
#   docker build -t exception-desk .
#   docker run --read-only --tmpfs /tmp -v desk:/data -v ./records.json:/records.json:ro -p 8080:8080 exception-desk
ARG BASE=python:3.13-slim

FROM ${BASE} AS build
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
RUN python3 -m pip install --no-cache-dir uv==0.13.*
WORKDIR /app
COPY pyproject.toml uv.lock README.md LICENSE ./
RUN uv sync --frozen --no-dev --extra postgresql --no-install-project
COPY agent agent
COPY tools tools
COPY prompts prompts
COPY review review
COPY api api
COPY evals evals
RUN uv sync --frozen --no-dev --extra postgresql --no-editable

FROM ${BASE}
RUN groupadd --gid 10001 desk && useradd --uid 10001 --gid desk --no-create-home --home-dir /data desk \
    && install -d -o desk -g desk /data
COPY --from=build /app/.venv /app/.venv
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 HOME=/data TRIAGE_DATA_DIR=/data TRIAGE_RECORDS=/records.json
WORKDIR /data
VOLUME /data
USER 10001:10001
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python3", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8080/healthz', timeout=4)"]
ENTRYPOINT ["triage"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8080"]
