# ecoflow-power for those who run containers; compose.yaml puts Mosquitto beside it. The official Deno runtime and one bundle,
# as in the package's runtime form: docs/install.md.
FROM debian:bookworm-slim AS build
RUN apt-get update -qq \
  && apt-get install -y -qq --no-install-recommends ca-certificates nodejs npm \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
# The version that the project names everywhere; the runtime that ends up in the image is held to its integrity by the build.
RUN npx --yes deno@2.9.6 task build --form runtime --target "$(uname -m)-unknown-linux-gnu" --out /out \
  && mv /out/*.runtime /out/ecoflow-power \
  && sed 's/^#MQTT_/MQTT_/' scripts/deb/ecoflow-power.env > /out/container.env

FROM debian:bookworm-slim
COPY --from=build /out/ecoflow-power /usr/lib/ecoflow-power
COPY --from=build /out/container.env /src/systemd/mosquitto.conf /usr/share/ecoflow-power/
COPY scripts/deb/container-files scripts/deb/broker-memory /usr/lib/ecoflow-power/
RUN ln -s ../lib/ecoflow-power/ecoflow-power /usr/bin/ecoflow-power
VOLUME ["/etc/ecoflow-power", "/etc/mosquitto/ecoflow-power", "/var/lib/ecoflow-power"]
# As the package's unit does: in the second the runtime keeps what it finds out of the bundle; else each start takes 10 MB more.
ENV MALLOC_ARENA_MAX=2 STATE_DIRECTORY=/var/lib/ecoflow-power
ENTRYPOINT ["/usr/bin/ecoflow-power"]
CMD ["run", "--env", "/etc/ecoflow-power/ecoflow-power.env"]
