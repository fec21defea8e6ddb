# The base image of both stages. To pin it by digest, see docs/operate/deploy.md.
ARG PYTHON_IMAGE=python:3.11-slim

FROM ${PYTHON_IMAGE} AS build
ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
# What runs goes into an environment of its own, without pip; what builds stays in this stage.
COPY requirements-image.lock requirements-build.lock ./
RUN python -m venv --without-pip /opt/dogwatch \
    && pip --python /opt/dogwatch/bin/python install --require-hashes -r requirements-image.lock \
    && pip install --require-hashes -r requirements-build.lock
COPY pyproject.toml README.md LICENSE dogwatch.example.toml slack-manifest.yaml ./
COPY bot bot
COPY commands commands
COPY templates templates
COPY migrations migrations
COPY examples examples
RUN python -m hatchling build -t wheel -d /dist \
    && pip --python /opt/dogwatch/bin/python install --no-deps --no-index /dist/*.whl

FROM ${PYTHON_IMAGE}
LABEL org.opencontainers.image.title="Dogwatch" \
      org.opencontainers.image.description="A self-hosted Slack bot that runs an incident from the first alert to the postmortem." \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN useradd --system --uid 10001 --home-dir /var/lib/dogwatch --create-home dogwatch
COPY --from=build /opt/dogwatch /opt/dogwatch

# The root may be read-only: the state goes into the volume, and what Python compiled is there already.
ENV PATH=/opt/dogwatch/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DATABASE_URL=sqlite:////var/lib/dogwatch/dogwatch.db \
    DOGWATCH_HOST=0.0.0.0
USER 10001:10001
WORKDIR /var/lib/dogwatch
VOLUME /var/lib/dogwatch
EXPOSE 3000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-I", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ.get(\"DOGWATCH_PORT\", 3000)}/livez', timeout=4)"]
# The bot is process 1: it hears SIGTERM and finishes what is under way, and it waits for the processes that it starts.
STOPSIGNAL SIGTERM
ENTRYPOINT ["dogwatch"]
CMD ["serve"]
