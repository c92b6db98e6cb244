//! Where a secret may go: every way in which a place comes to us, against every kind of place.

mod callers;
mod link_edits;
mod links;
mod places;
mod senders;
mod sources;
mod spellings;
mod trap;
