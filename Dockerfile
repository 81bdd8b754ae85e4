# The workers of docker-compose.yml. Targets: cpu (default use), cuda (NVIDIA GPU).
# Debian, because Temporal's SDK needs glibc.

FROM node:22-bookworm-slim AS base
WORKDIR /app
ENV DISTILLERY_HOME=/opt/distillery NODE_ENV=production

FROM base AS build
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ca-certificates g++ python3 python3-pip \
  && rm -rf /var/lib/apt/lists/*
COPY package.json package-lock.json .npmrc ./
# With the development packages: the compiler and TensorFlow's package are among them.
RUN npm ci --include=dev
COPY . .
RUN node scripts/build.mjs

FROM build AS provided-cpu
RUN node scripts/provide.mjs engine,fashion-mnist

FROM build AS provided-cuda
RUN node scripts/provide.mjs engine,fashion-mnist --cuda

FROM base AS runtime
RUN useradd --uid 10001 --user-group --no-create-home distillery \
  && mkdir -p /var/cache/distillery \
  && chown distillery:distillery /var/cache/distillery
ENTRYPOINT ["node", "bin/distillery.mjs"]
CMD ["--help"]

FROM runtime AS cuda
COPY --from=provided-cuda /app /app
COPY --from=provided-cuda /opt/distillery /opt/distillery
USER 10001:10001

FROM runtime AS cpu
COPY --from=provided-cpu /app /app
COPY --from=provided-cpu /opt/distillery /opt/distillery
USER 10001:10001
