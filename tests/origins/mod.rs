//! Where a secret may be sent: every source of an origin, with every kind of origin.

mod callers;
mod link_edits;
mod links;
mod places;
mod senders;
mod sources;
mod spellings;
mod trap;
