FROM python:3.11-slim AS build
WORKDIR /src
COPY requirements-build.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements-build.lock
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY commands commands
COPY templates templates
COPY migrations migrations
RUN python -m hatchling build -t wheel -d /dist

FROM python:3.11-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/dogwatch --create-home dogwatch
COPY requirements.lock /tmp/
RUN pip install --no-cache-dir --require-hashes -r /tmp/requirements.lock
COPY --from=build /dist/*.whl /tmp/
RUN pip install --no-cache-dir --no-deps /tmp/*.whl

ENV PYTHONUNBUFFERED=1 \
    DATABASE_URL=sqlite:////var/lib/dogwatch/dogwatch.db \
    DOGWATCH_HOST=0.0.0.0
USER dogwatch
WORKDIR /var/lib/dogwatch
VOLUME /var/lib/dogwatch
EXPOSE 3000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ.get(\"DOGWATCH_PORT\", 3000)}/livez', timeout=4)"]
ENTRYPOINT ["dogwatch"]
CMD ["serve"]
