# docker build -t pilothouse:0.1.0 .
FROM docker.io/library/rust:1.95-slim-trixie AS build
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
