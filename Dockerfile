# The image for production: the API (`serve`, the default) and the background loop (`worker`). It holds no database.
#   docker build -t indgang .
#   docker run --env-file indgang.env -p 127.0.0.1:8000:8000 indgang
#   docker run --env-file indgang.env --no-healthcheck indgang worker
#   docker run --env-file owner.env --no-healthcheck indgang migrate
FROM python:3.12-slim AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
WORKDIR /srv/indgang

# The locked dependencies first: they change seldom. `setuptools` is among them, for the step below.
COPY requirements.lock ./
RUN pip install --require-hashes --no-deps -r requirements.lock

# Editable, because `indgang migrate` and /readyz look for the migrations beside the package.
COPY pyproject.toml README.md alembic.ini ./
COPY migrations migrations
COPY app app
RUN pip install --no-deps --no-build-isolation -e . && python -m compileall -q app migrations


FROM python:3.12-slim

RUN groupadd --gid 10001 indgang \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin indgang \
    && install -d -o 10001 -g 10001 -m 0700 /var/lib/indgang
COPY --from=build /opt/venv /opt/venv
COPY --from=build /srv/indgang /srv/indgang

ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    INDGANG_MODE=production \
    INDGANG_HOST=0.0.0.0 \
    INDGANG_PORT=8000 \
    INDGANG_DATA_DIR=/var/lib/indgang
# The contents of documents: mount a disk here, or they end with the container.
VOLUME /var/lib/indgang
WORKDIR /srv/indgang
USER 10001:10001
EXPOSE 8000

# Alive is not ready: a balancer asks /readyz, which also looks at the database.
HEALTHCHECK --interval=15s --timeout=4s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import http.client, os; c = http.client.HTTPConnection('127.0.0.1', int(os.environ['INDGANG_PORT']), timeout=3); c.request('GET', '/livez'); raise SystemExit(c.getresponse().status != 200)"]

ENTRYPOINT ["indgang"]
CMD ["serve"]
