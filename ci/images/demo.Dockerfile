# The web page of fomm-demo, served by an ordinary user. Not built by this repository's tests.
#
#   docker build -f ci/images/demo.Dockerfile -t fomm-demo .
#   docker run --rm -p 7860:7860 --read-only --tmpfs /tmp fomm-demo

FROM python:3.12-slim AS wheels
WORKDIR /source
COPY packages/fomm-core packages/fomm-core
COPY packages/fomm-demo packages/fomm-demo
RUN pip wheel --no-cache-dir --wheel-dir /wheels ./packages/fomm-core ./packages/fomm-demo

FROM python:3.12-slim
# Mounted, not copied: the image holds the packages once.
RUN --mount=type=bind,from=wheels,source=/wheels,target=/wheels \
    pip install --no-cache-dir --no-index --find-links /wheels fomm-demo \
    && useradd --create-home --uid 1000 fomm \
    && install --directory --owner fomm /var/cache/fomm
USER fomm
# Models that are downloaded stay where a volume can be mounted.
ENV FOMM_CACHE=/var/cache/fomm MPLCONFIGDIR=/var/cache/fomm
EXPOSE 7860
HEALTHCHECK --start-period=60s CMD \
    ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:7860/health')"]
# Signals reach the server itself: it cancels jobs and removes files before it ends.
ENTRYPOINT ["fomm", "demo", "--host", "0.0.0.0"]
