//! One request to an API behind the token: from a person's words to a request (`target`, `fields`,
//! `headers`, `method`: pure), over the wire (`client`), and what the answer means (`answer`, `messages`, `xml`: pure).
//! `input` and `output` are the edges of bodies; `terminal` is what a terminal is shown of them (pure).

pub(crate) mod answer;
pub(crate) mod client;
pub(crate) mod connections;
pub(crate) mod fields;
pub(crate) mod headers;
pub(crate) mod indent;
pub(crate) mod input;
mod messages;
pub(crate) mod method;
pub(crate) mod output;
pub(crate) mod target;
pub(crate) mod terminal;
mod xml;
