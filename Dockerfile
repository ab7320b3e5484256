# The image of a server. `docker build -t epoch-voice .` needs the checkout alone; another base is an argument:
# `--build-arg BASE=registry.example.com/debian:13-slim`. It must be Debian 13 or newer, or Ubuntu 25.04 or newer.
# Run it with a read-only root: `docker run --read-only --tmpfs /tmp --env-file epoch.env epoch-voice serve`.
ARG BASE=debian:13-slim

FROM ${BASE} AS build
# On processors other than x86-64, such as ARM, pip compiles miniaudio.
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates make nodejs npm python3 python3-venv \
    && if [ "$(uname -m)" != x86_64 ]; then apt-get install -y --no-install-recommends gcc libc6-dev python3-dev; fi
WORKDIR /build
COPY . .
RUN make wheel
# Without pip in the end: nothing installs further packages into the image.
RUN python3 -m venv /usr/local/lib/epoch \
    && /usr/local/lib/epoch/bin/python -m pip install --no-cache-dir --no-compile --require-hashes -r dist/requirements.lock \
    && /usr/local/lib/epoch/bin/python -m pip install --no-cache-dir --no-compile --no-index --no-deps dist/*.whl \
    && /usr/local/lib/epoch/bin/python -m pip uninstall -y pip
# Bytecode of what a start imports; that of all modules is 75 MB more.
RUN /usr/local/lib/epoch/bin/python -P tools/check_production.py \
    && /usr/local/lib/epoch/bin/python -P -c "import epoch.release, epoch.migration_plan, epoch.server.worker"

FROM ${BASE}
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates python3 \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* \
    && useradd --system --no-create-home --uid 10001 epoch
COPY --from=build /usr/local/lib/epoch /usr/local/lib/epoch
# The data directory is only read: a price list of one's own is mounted there.
ENV EPOCH_HOST=0.0.0.0 EPOCH_DATA_DIR=/var/lib/epoch PYTHONDONTWRITEBYTECODE=1
USER 10001
WORKDIR /tmp
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["/usr/local/lib/epoch/bin/python", "-c", "import http.client, os, sys; server = http.client.HTTPConnection('127.0.0.1', int(os.environ.get('EPOCH_PORT', 8000)), timeout=4); server.request('GET', '/health/ready'); sys.exit(server.getresponse().status != 200)"]
ENTRYPOINT ["/usr/local/lib/epoch/bin/epoch"]
CMD ["serve"]
