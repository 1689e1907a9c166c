# Builds with everything, runs with the least: the packed service, its production dependencies and the catalogue.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
COPY sdk/package.json sdk/
RUN npm ci
COPY tsconfig.json ./
COPY scripts scripts
COPY src src
RUN npm run build && mkdir /data

FROM node:24-bookworm-slim AS modules
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --workspaces=false

FROM node:24-bookworm-slim
WORKDIR /app
COPY package.json ./
COPY --from=modules /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY flags flags
COPY --from=build --chown=node:node /data /data
ENV NODE_ENV=production \
    KILLSWITCH_HOST=0.0.0.0 \
    KILLSWITCH_PORT=8080 \
    KILLSWITCH_DATA_DIR=/data \
    KILLSWITCH_FLAGS_DIR=/app/flags
USER node
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.KILLSWITCH_PORT}/readyz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "--enable-source-maps", "dist/main.js"]
