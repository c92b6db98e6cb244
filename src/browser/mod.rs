//! A login in the browser (RFC 6749, section 4.1, as RFC 8252 has it for programs): the address to open,
//! the place on this machine to which the browser comes back, and the address that a person pastes
//! instead.
//!
//! Pure: [`redirect`], [`link`], [`landing`], `routes`, `page`, `answer`. Edges: [`receiver`] (sockets),
//! [`opener`] (other programs), [`waiting`] (the terminal).

mod answer;
pub mod landing;
pub mod link;
pub mod opener;
mod page;
pub mod receiver;
pub mod redirect;
mod routes;
pub mod waiting;
