//! A login in the browser (RFC 6749, section 4.1, as RFC 8252 has it for programs): the address to open,
//! the place on this machine to which the browser comes back, and the address that a person pastes
//! instead.
//!
//! Pure: [`redirect`], [`link`], [`landing`], `routes`, `page`, `answer`. Edges: [`receiver`] and
//! `peer` (sockets), [`opener`] (other programs), [`handover`] (a file), [`waiting`] (the terminal).

mod answer;
pub mod handover;
pub mod landing;
pub mod link;
pub mod opener;
mod page;
mod peer;
pub mod receiver;
pub mod redirect;
mod routes;
pub mod waiting;
