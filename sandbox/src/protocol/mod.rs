//! What Concur documents: error codes, answers, the shape of tokens, and what it does not take.

pub(crate) mod answer;
pub(crate) mod codes;
pub(crate) mod form;
pub(crate) mod jwt;
pub(crate) mod strict;
