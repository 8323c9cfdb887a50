# llm, its worker and the sandbox, from the root of the checkout: docker build -f deploy/docker/llm.Dockerfile .
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
COPY requirements/llm.txt deploy/docker/build.txt requirements/
RUN --mount=type=cache,target=/root/.cache \
    uv venv --quiet --python /usr/local/bin/python3 "$VIRTUAL_ENV" \
 && uv pip sync --quiet --require-hashes --build-constraints requirements/build.txt \
      requirements/llm.txt

FROM dependencies AS wheels
COPY libs/common libs/common
COPY services/llm services/llm
RUN --mount=type=cache,target=/root/.cache \
    for project in libs/common services/llm; do \
      uv build --quiet --wheel --out-dir wheels --require-hashes \
        --build-constraints requirements/build.txt "$project" || exit 1; \
    done

FROM python:3.13-slim-trixie
LABEL org.opencontainers.image.title="tollgate-llm" \
      org.opencontainers.image.description="Providers, models, prices, jobs; where a request goes and what it cost." \
      org.opencontainers.image.licenses="Apache-2.0"
# An account of its own for each service: none can read another's secrets from a shared volume.
RUN groupadd --gid 10003 tollgate \
 && useradd --uid 10003 --gid tollgate --home-dir /var/lib/tollgate --no-create-home \
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
USER 10003:10003
WORKDIR /var/lib/tollgate
EXPOSE 8082 9082 9084 8089 9089
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD tollgate-health "${PORT:-8082}" /healthz
ENTRYPOINT ["tollgate-llm"]
CMD ["serve"]
