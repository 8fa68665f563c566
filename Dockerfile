# Two stages: the first installs the locked packages and prepares translations and static files, the second only runs.
FROM python:3.12-slim-bookworm AS build

ENV PYTHONDONTWRITEBYTECODE=1
WORKDIR /portal
RUN python -m venv /opt/venv
COPY requirements.txt ./
RUN /opt/venv/bin/pip install --no-cache-dir --only-binary :all: --require-hashes -r requirements.txt
COPY . .
RUN if ls locale/*/LC_MESSAGES/*.po >/dev/null 2>&1; then /opt/venv/bin/pybabel compile -d locale -D django; fi \
    && /opt/venv/bin/python manage.py collectstatic --noinput

FROM python:3.12-slim-bookworm

ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PATH=/opt/venv/bin:$PATH \
    PORTAL_ENV=production \
    CELERY_BEAT_FILE=/var/lib/portal/celerybeat-schedule
RUN useradd --system --uid 10001 --no-create-home portal \
    && install -d -o 10001 /var/lib/portal
COPY --from=build /opt/venv /opt/venv
COPY --from=build /portal /portal
WORKDIR /portal
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["gunicorn", "hellowork.wsgi", "--bind", "0.0.0.0:8000", "--workers", "2", "--no-control-socket", "--access-logfile", "-", \
     "--logger-class", "hellowork.access_log.AccessLog"]
