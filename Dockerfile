# Two stages: the first one installs what requirements/run.txt locks, the second one only carries it.
#
# The base is pinned by its digest, the image index of the official python:3.13.15-slim-trixie of September 2026. It was
# taken from other projects' public files that pin the same tag, not pulled here. To renew it, in both lines alike:
#   docker buildx imagetools inspect python:3.13-slim     (the line "Digest:")
FROM python:3.13.15-slim-trixie@sha256:7c61056e61ac89e852de05f3dc6fa51a6dd2181797bceed46aa725dd7cb2cd3b AS build
WORKDIR /app
COPY requirements/run.txt /tmp/run.txt
# Nothing is compiled, and no pip gets into what is carried over.
RUN python -m venv --without-pip /venv \
 && python -m pip --python /venv/bin/python install \
    --no-cache-dir --disable-pip-version-check --only-binary :all: --require-hashes -r /tmp/run.txt
COPY bot bot
COPY providers providers
# The root is read-only later, so what Python would keep is made now.
RUN python -m compileall -q bot providers

FROM python:3.13.15-slim-trixie@sha256:7c61056e61ac89e852de05f3dc6fa51a6dd2181797bceed46aa725dd7cb2cd3b
LABEL org.opencontainers.image.title="Rushes" \
      org.opencontainers.image.description="A Telegram bot that follows AI video and image generations" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.base.name="docker.io/library/python:3.13.15-slim-trixie"
# Passed through for a local Bot API server, which reads finished files in that one folder; the database is the bot's.
RUN groupadd --gid 10001 rushes \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin rushes \
 && install -d -o rushes -g rushes -m 0711 /data \
 && install -d -o rushes -g rushes -m 0755 /data/rushes.db.media
COPY --from=build /venv /venv
COPY --from=build /app /app

ENV PATH=/venv/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DATABASE_URL=sqlite:////data/rushes.db \
    HTTP_PORT=8080
# An empty folder that the bot can not write to: nothing that a gateway names can be a file here.
WORKDIR /srv
VOLUME /data
USER 10001:10001
EXPOSE 8080

# Healthy: no part of it hangs. A gateway or Telegram that is away is no fault of the bot's.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"HTTP_PORT\"]}/healthz', timeout=4)"]

# The bot finishes what is in flight when it is asked to stop; that takes up to ten seconds.
STOPSIGNAL SIGTERM
ENTRYPOINT ["python", "-m", "bot"]
CMD ["run"]
