# Background work: `worker`, `beat`, `relay` or `migrate`, chosen by the command.
# Build from the project's root: docker build -f docker/worker.Dockerfile .

FROM python:3.11-bookworm AS build
WORKDIR /src
COPY . .
RUN make image DEST=/opt/atrium

FROM python:3.11-slim-bookworm
COPY --from=build /opt/atrium /opt/atrium
ENV PATH=/opt/atrium/bin:$PATH PYTHONUNBUFFERED=1
WORKDIR /tmp
USER 10001:10001
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["atrium", "health", "--heartbeat"]
ENTRYPOINT ["atrium"]
CMD ["worker"]
