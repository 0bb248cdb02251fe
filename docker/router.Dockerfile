# The router alone: any Federation 2 supergraph, over HTTP subgraphs.
# Build from the project's root: docker build -f docker/router.Dockerfile .

FROM python:3.11-bookworm AS build
WORKDIR /var/lib/atrium
WORKDIR /src
COPY . .
RUN make image DEST=/opt/atrium

FROM python:3.11-slim-bookworm
COPY --from=build /opt/atrium /opt/atrium
# Where the last good supergraph of a registry is kept: mount a volume here and it outlives the container.
COPY --from=build --chown=10001:10001 /var/lib/atrium /var/lib/atrium
ENV PATH=/opt/atrium/bin:$PATH PYTHONUNBUFFERED=1 ATRIUM_DATA_FOLDER=/var/lib/atrium
WORKDIR /tmp
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD ["atrium", "health", "http://127.0.0.1:8000/healthz"]
ENTRYPOINT ["atrium"]
CMD ["serve", "router", "--host", "0.0.0.0", "--port", "8000"]
