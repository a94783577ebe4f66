# `just` lists the recipes; they call what CI calls.

_default:
    @just --list

# format, lints, documentation, tests against fakes
fast:
    .ci/run fast

# everything
ci:
    .ci/run

# the tests whose path contains NAME
test NAME="":
    cargo test --release {{NAME}}

# writes golden and generated files anew
bless NAME="":
    PCEMON_BLESS=1 cargo test --release --test it {{NAME}}

# what the parts cost
bench:
    cargo bench --bench parts

# what is shipped: binary, list of dependencies, checksums
release:
    packaging/release

# what packagers build
dist:
    cargo build --profile dist --locked
