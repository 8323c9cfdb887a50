# Reports, its ledger, worker and scheduler, from the root of the checkout: docker build -f deploy/docker/reports.Dockerfile .
# The Dockerfiles of the services differ in names, ports and numbers only; a test compares them.

FROM python:3.13-slim-trixie AS dependencies
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore \
    UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never \
    VIRTUAL_ENV=/opt/tollgate
WORKDIR /build

COPY requirements/bootstrap.txt requirements/
RUN --mount=type=cache,target=/root/.cache \
    python3 -m pip install --quiet --require-hashes -r requirements/bootstrap.txt

# One layer that changes with the lock only.
COPY requirements/reports.txt deploy/docker/build.txt requirements/
RUN --mount=type=cache,target=/root/.cache \
    uv venv --quiet --python /usr/local/bin/python3 "$VIRTUAL_ENV" \
 && uv pip sync --quiet --require-hashes --build-constraints requirements/build.txt \
      requirements/reports.txt

FROM dependencies AS wheels
COPY libs/common libs/common
COPY services/reports services/reports
RUN --mount=type=cache,target=/root/.cache \
    for project in libs/common services/reports; do \
      uv build --quiet --wheel --out-dir wheels --require-hashes \
        --build-constraints requirements/build.txt "$project" || exit 1; \
    done

FROM python:3.13-slim-trixie
LABEL org.opencontainers.image.title="tollgate-reports" \
      org.opencontainers.image.description="The ledger, usage and reports." \
      org.opencontainers.image.licenses="Apache-2.0"
# An account of its own for each service: none can read another's secrets from a shared volume.
RUN groupadd --gid 10004 tollgate \
 && useradd --uid 10004 --gid tollgate --home-dir /var/lib/tollgate --no-create-home \
      --shell /usr/sbin/nologin tollgate \
 && install --directory --owner=tollgate --group=tollgate --mode=0750 /var/lib/tollgate
COPY --chmod=0755 deploy/docker/healthcheck.py /usr/local/bin/tollgate-health
COPY --from=dependencies /opt/tollgate /opt/tollgate
RUN --mount=from=dependencies,source=/usr/local/bin/uv,target=/tmp/uv \
    --mount=from=wheels,source=/build/wheels,target=/tmp/wheels \
    /tmp/uv pip install --quiet --python /opt/tollgate/bin/python --no-cache --no-index --no-deps \
      --compile-bytecode /tmp/wheels/*.whl
ENV PATH=/opt/tollgate/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    MALLOC_ARENA_MAX=2 OPENBLAS_NUM_THREADS=1
USER 10004:10004
WORKDIR /var/lib/tollgate
EXPOSE 8083 9083 9085 9086 9087
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD tollgate-health "${PORT:-8083}" /healthz
ENTRYPOINT ["tollgate-reports"]
CMD ["serve"]
