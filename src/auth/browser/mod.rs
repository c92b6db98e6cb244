//! A login in the browser (RFC 6749, section 4.1, as RFC 8252 has it for programs): the address to open,
//! the place on this machine to which the browser comes back, and the address that a person pastes
//! instead.
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
