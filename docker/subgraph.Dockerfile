# One domain's subgraph over HTTP, chosen by the build argument.
# Build from the project's root: docker build -f docker/subgraph.Dockerfile --build-arg domain=users .

FROM python:3.11-bookworm AS build
WORKDIR /src
COPY . .
RUN make image DEST=/opt/atrium

FROM python:3.11-slim-bookworm
ARG domain
ENV ATRIUM_DOMAIN=$domain
COPY --from=build /opt/atrium /opt/atrium
ENV PATH=/opt/atrium/bin:$PATH PYTHONUNBUFFERED=1
WORKDIR /tmp
USER 10001:10001
EXPOSE 4000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD ["atrium", "health", "http://127.0.0.1:4000/healthz"]
ENTRYPOINT ["atrium"]
CMD ["serve", "subgraph", "--host", "0.0.0.0", "--port", "4000"]
