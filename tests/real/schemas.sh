#!/usr/bin/env bash
# Fetches the schemas that rendered reports are held against, into the folder given: SARIF 2.1.0 of OASIS, as the crate
# serde-sarif carries it, and the JUnit schema of Jenkins' xUnit plugin, as the source package of pytest carries it.
set -euo pipefail
into=$1
python=${2:-python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir -p "$work/probe/src" "$into"
touch "$work/probe/src/lib.rs"
cat >"$work/probe/Cargo.toml" <<'MANIFEST'
[package]
name = "schemas"
version = "0.0.0"
edition = "2024"

[dependencies]
serde-sarif = "=0.8.0"

[workspace]
MANIFEST
cargo vendor --quiet --manifest-path "$work/probe/Cargo.toml" "$work/vendor" >/dev/null
cp "$work/vendor/serde-sarif/src/schema.json" "$into/sarif-2.1.0.json"

"$python" -m pip download --quiet --disable-pip-version-check --no-deps --no-binary :all: -d "$work" pytest==8.3.5
tar -xzf "$work"/pytest-8.3.5.tar.gz -C "$work" --wildcards '*/junit-10.xsd'
find "$work" -name junit-10.xsd -exec cp {} "$into/junit-10.xsd" \;
