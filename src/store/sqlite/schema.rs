//! The versions of the schema.

/// The token database's migrations, oldest first. Append-only: never edit or remove one.
pub(super) const MIGRATIONS: [&str; 3] = [
    include_str!("../../../migrations/0001_first.sql"),
    include_str!("../../../migrations/0002_grant.sql"),
    include_str!("../../../migrations/0003_identity.sql"),
];

/// The schema version this program writes.
#[expect(clippy::cast_possible_wrap, reason = "a short list")]
pub(crate) const CURRENT_VERSION: i64 = MIGRATIONS.len() as i64;
