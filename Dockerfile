# Callnote in a container; docs/hosting.md says how to run it.
FROM python:3.13-slim

# The port for the health check alone, as nothing listens elsewhere; see METRICS_ADDRESS.
ENV PYTHONUNBUFFERED=1 \
    PYTHONSAFEPATH=1 \
    PYTHONPATH=/app \
    METRICS_ADDRESS=127.0.0.1:9464

RUN useradd --system --uid 10001 callnote && install -d -o callnote -m 700 /data

COPY requirements.txt /app/
RUN pip install --no-cache-dir -r /app/requirements.txt

COPY bot /app/bot
COPY cogs /app/cogs
COPY deploy/healthcheck.py /app/
RUN python -m compileall -q /app

# The SQLite file is in the working directory, where a volume belongs, and nothing else is written
# to. It is not declared here, as Railway refuses a Dockerfile with VOLUME.
USER 10001
WORKDIR /data

HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["python", "/app/healthcheck.py"]
ENTRYPOINT ["python", "-m", "bot"]
