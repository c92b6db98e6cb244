//! A login in the browser (RFC 6749, section 4.1, for native programs RFC 8252): the address to open, the
//! receiver on this machine for the callback, and the address that a person may paste instead.
//!
//! Pure: [`redirect`], [`link`], [`landing`], `routes`, `page`, `answer`. Edges: [`receiver`] and
//! `peer` (sockets), [`opener`] (other programs), [`handover`] (a file), [`waiting`] (the terminal).

mod answer;
pub(crate) mod handover;
pub(crate) mod landing;
pub(crate) mod link;
pub(crate) mod opener;
mod page;
mod peer;
pub(crate) mod receiver;
pub(crate) mod redirect;
mod routes;
pub(crate) mod waiting;
