//! The two files of SAP's refresh-token tutorial, pure: bytes in, values out, and back.
//!
//! People edit them by hand, editors and scripts damage them, and they contain secrets. So an error names line,
//! column and rule, and never quotes the file.

pub(crate) mod credentials;
mod object;
pub(crate) mod token_file;

use std::fmt;

pub use credentials::Credentials;
pub use token_file::{TokenFile, UnknownFields};

/// The largest file that is read, in bytes.
pub(crate) const MAX_FILE_BYTES: usize = 1024 * 1024;

/// Why a file was refused. The caller names the file, shows this, and changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileError {
    /// Counted from 1; 0 for a problem of the whole file.
    pub line: usize,
    /// In bytes, counted from 1; 0 for a problem of the whole file. For a value of the wrong type it is where
    /// parsing stopped, at the end of the value or just before it.
    pub column: usize,
    /// The problem.
    pub problem: Problem,
}

impl FileError {
    const fn whole_file(problem: Problem) -> Self {
        Self { line: 0, column: 0, problem }
    }
}

/// The problems of a file. Only known keys are named.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// Empty, or only blanks.
    Empty,
    /// Over [`MAX_FILE_BYTES`].
    TooLarge,
    /// UTF-16, as some Windows tools save it.
    Utf16,
    /// Bytes that are not UTF-8 text.
    NotText,
    /// Not JSON from here on, or more after the end of the object.
    NotJson,
    /// It ends before the object does.
    Truncated,
    /// JSON, but not an object.
    NotAnObject,
    /// A repeated key.
    Duplicate {
        /// The key, if it is a known one.
        key: Option<&'static str>,
    },
    /// A value that must be a string is not.
    NotAString {
        /// The key.
        key: &'static str,
    },
    /// A value that must be a whole number, or a string with one, is not.
    NotANumber {
        /// The key.
        key: &'static str,
    },
    /// A string with a line break or another control character inside.
    ControlCharacter {
        /// The key.
        key: &'static str,
    },
    /// A token file with neither a refresh token nor an access token.
    NoToken {
        /// The key that an unknown one probably stands for.
        misspelt: Option<&'static str>,
    },
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the file is empty; a JSON object is expected"),
            Self::TooLarge => {
                write!(
                    f,
                    "the file is larger than {MAX_FILE_BYTES} bytes; it cannot be the right one"
                )
            }
            Self::Utf16 => f.write_str("the file is UTF-16; save it as UTF-8"),
            Self::NotText => f.write_str("this is not UTF-8 text; save the file as UTF-8"),
            Self::NotJson => f.write_str("this is not valid JSON"),
            Self::Truncated => f.write_str("the file ends before its JSON object does"),
            Self::NotAnObject => f.write_str("a JSON object, {…}, is expected"),
            Self::Duplicate { key: Some(key) } => write!(f, "`{key}` is given twice"),
            Self::Duplicate { key: None } => f.write_str("a key is given twice"),
            Self::NotAString { key } => {
                write!(f, "the value of `{key}` must be a string in double quotes")
            }
            Self::NotANumber { key } => write!(f, "the value of `{key}` must be a whole number"),
            Self::ControlCharacter { key } => {
                write!(
                    f,
                    "the value of `{key}` contains a line break or another control \
                           character"
                )
            }
            Self::NoToken { misspelt: Some(key) } => {
                write!(f, "it contains no `{key}`; an unknown key is probably meant for it")
            }
            Self::NoToken { misspelt: None } => f.write_str(
                "it contains neither a `refresh_token` nor an `access_token`: it is not a token response",
            ),
        }
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, problem } = self;
        if *line > 0 {
            write!(f, "line {line}, column {column}: ")?;
        }
        problem.fmt(f)
    }
}

impl std::error::Error for FileError {}
