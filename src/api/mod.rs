//! One request to an API with a token: arguments to a request (`target`, `fields`, `headers`, `method`: pure),
//! sending it (`client`), and the meaning of the answer (`answer`, `messages`, `xml`: pure). `input` and
//! `output` read and write bodies; `terminal` escapes them for a terminal (pure).

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
