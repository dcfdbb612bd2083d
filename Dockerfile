# docker build -t pilothouse:0.1.0 .
# Not a newer Debian: the unwinder of GCC 13 and later reads all of its tables at the start of a static binary, which are 2 MiB.
FROM docker.io/library/rust:1.95-slim-bookworm AS build
RUN apt-get update && apt-get install --no-install-recommends -y cmake g++ make && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN cargo build --locked --release -p pilothouse

# The certificates of public authorities are all that the binary needs.
FROM gcr.io/distroless/static-debian13:nonroot
COPY --from=build /src/target/release/pilothouse /usr/local/bin/pilothouse
USER 65534:65534
ENTRYPOINT ["/usr/local/bin/pilothouse"]
CMD ["run"]
