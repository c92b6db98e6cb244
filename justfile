# What contributors run; each recipe is a call of cargo or of a script that also runs without just.

# List the recipes
default:
    @just --list

# Lints, unit tests and the documents: the fast loop
fast:
    ci/fast

# Format and lints
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --quiet -- -D warnings

# The tests, or some of them: just test --test suite refresh::trouble
test *ARGS="--workspace":
    cargo test {{ARGS}}

# The tests at moments at which dates and zones go wrong
moments *ARGS:
    ci/test-at-moments {{ARGS}}

# The documents held to the code
docs:
    cargo test --test suite docs::

# Write the OPTIONS of the manual pages anew from the clap types
man $CONCUR_CRED_REGENERATE_MAN="1":
    cargo test --test suite docs::manual

# What a stored token costs, against its budget
bench *ARGS="--bench cost -- --check":
    cargo bench {{ARGS}}

# Each fuzz target for a while: just fuzz 60 origin
fuzz *ARGS:
    ci/fuzz {{ARGS}}

# Everything that must hold before a change lands
ci:
    .ci/run

# The oldest Rust that is promised
msrv:
    ci/check-msrv

# Everything compiles for Windows, without a warning
windows *FOLDER:
    ci/windows {{FOLDER}}

# The binary as it is installed
build:
    scripts/release-build

# Archive, Debian package, bill of materials and checksums
release *TAG:
    scripts/release {{TAG}}
