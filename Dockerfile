# Two stages: the first one installs what requirements/run.txt locks, the second one only carries it.
FROM python:3.13-slim AS build
COPY requirements/run.txt /tmp/run.txt
RUN python -m venv /venv \
 && /venv/bin/pip install --no-cache-dir --require-hashes -r /tmp/run.txt

FROM python:3.13-slim
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin rushes \
 && install -d -o rushes -g rushes -m 0700 /data
COPY --from=build /venv /venv
COPY bot /app/bot
COPY providers /app/providers

ENV PATH=/venv/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DATABASE_URL=sqlite:////data/rushes.db \
    HTTP_PORT=8080
# An empty folder that the bot can not write to: nothing that a gateway names can be a file here.
WORKDIR /srv
VOLUME /data
USER rushes

# Healthy: Telegram answers, polls are on time, the database takes changes.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"HTTP_PORT\"]}/healthz', timeout=4)"]

# The bot finishes what is in flight when it is asked to stop; that takes up to ten seconds.
STOPSIGNAL SIGTERM
ENTRYPOINT ["python", "-m", "bot"]
CMD ["run"]
