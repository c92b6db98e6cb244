//! What Concur documents: paths, error codes, answers, tokens, forms, and what it does not take.

pub(crate) mod answer;
pub(crate) mod codes;
pub(crate) mod form;
pub(crate) mod jwt;
pub(crate) mod paths;
pub(crate) mod strict;
