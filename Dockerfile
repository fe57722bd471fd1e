FROM python:3.11-slim-bookworm AS build
WORKDIR /src
RUN python -m venv /opt/credit-ledger
COPY requirements.lock .
RUN /opt/credit-ledger/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY ledger ledger
COPY projections projections
COPY api api
RUN /opt/credit-ledger/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin ledger \
 && install -d -o ledger -g ledger -m 0700 /data
COPY --from=build /opt/credit-ledger /opt/credit-ledger
ENV PATH=/opt/credit-ledger/bin:$PATH PYTHONUNBUFFERED=1
USER ledger
VOLUME /data
EXPOSE 8315
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8315/healthz', timeout=2)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["credit-ledger"]
CMD ["serve", "--host", "0.0.0.0", "--data-dir", "/data"]
