# One image for the three services and for `patronage migrate`; the command says which one a container is.
ARG PYTHON_IMAGE=python:3.11-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
WORKDIR /build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY pyproject.toml requirements.lock ./

# Prints the entries of the lock, hashes included, for the packages that another file names.
ARG PICK='NR==FNR { split($1, pin, "=="); wanted[pin[1]]; next } /^[^ ]/ { split($1, pin, "=="); keep = pin[1] in wanted } keep'

# uv only says which packages of the lock the server needs. What is installed comes from the lock, by its hash;
# were one missing, pip would refuse.
RUN printf 'uv\nsetuptools\n' > tools.txt \
    && awk "$PICK" tools.txt requirements.lock > tools.lock \
    && pip install --require-hashes -r tools.lock \
    && uv pip compile pyproject.toml --extra server --constraint requirements.lock \
        --no-annotate --no-header --quiet --output-file server.txt \
    && awk "$PICK" server.txt requirements.lock > server.lock \
    && python -m venv /opt/patronage \
    && /opt/patronage/bin/pip install --require-hashes -r server.lock

COPY README.md LICENSE ./
COPY protos protos
COPY services services
RUN pip wheel --no-deps --no-build-isolation --wheel-dir wheels . \
    && /opt/patronage/bin/pip install --no-deps wheels/*.whl \
    && /opt/patronage/bin/pip uninstall --yes pip setuptools

FROM ${PYTHON_IMAGE}
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin patronage \
    && install --directory --owner=10001 --mode=0750 /run/patronage /var/tmp/patronage
COPY --from=build /opt/patronage /opt/patronage
ENV PATH=/opt/patronage/bin:$PATH PYTHONUNBUFFERED=1 TMPDIR=/var/tmp/patronage
WORKDIR /var/tmp/patronage
USER 10001
EXPOSE 50051 50052 50053
CMD ["python", "-m", "services.customers"]
