//! The SQLite database.

mod attempt;
pub(crate) mod columns;
pub(crate) mod connecting;
pub(crate) mod identity;
pub(crate) mod inspect;
pub(crate) mod managed;
pub(crate) mod migrate;
pub(crate) mod put;
pub(crate) mod refusals;
pub(crate) mod rows;
pub(crate) mod salvage;
pub(crate) mod schema;
pub(crate) mod stored_credentials;
