//! One request to an API behind the token: from a person's words to a request (`target`, `fields`,
//! `headers`, `method`: pure), over the wire (`client`), and what the answer means (`answer`, `messages`, `xml`: pure).
//! `input` and `output` are the edges of bodies; `terminal` is what a terminal is shown of them (pure).

pub mod answer;
pub mod client;
pub mod connections;
pub mod fields;
pub mod headers;
pub mod input;
mod messages;
pub mod method;
pub mod output;
pub mod target;
pub mod terminal;
mod xml;
