//! The body of a request. Its length is always known before anything is sent (Concur refuses chunked bodies at
//! its token endpoint), and it can be sent again if the token is refused: a file is read again; the data of a
//! pipe is buffered up to a limit, in memory or, if it is larger, in an unnamed file.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use bytes::Bytes;
use reqwest::blocking::Body;

use crate::error::{Error, Kind, Result};
use crate::sys::{files, streams};

/// The most that is buffered in memory, bytes.
const IN_MEMORY_BYTES: u64 = 16 << 20;
/// The most that is buffered of a pipe or device, bytes: it may never end.
const MAX_KEPT_BYTES: u64 = 256 << 20;
/// The most that is read as the value of a field, bytes.
const MAX_FIELD_BYTES: u64 = 1 << 20;

/// A body.
#[derive(Debug)]
pub(crate) enum Input {
    /// No body.
    None,
    /// In memory.
    Bytes(Bytes),
    /// A file and its length, bytes.
    File(File, u64),
}

impl Input {
    /// The content of a file; of stdin for `-`.
    pub(crate) fn of(path: &Path) -> Result<Self> {
        if path == Path::new("-") {
            return kept(&mut streams::stdin(), path);
        }
        files::refuse_foreign_pipe(path)?;
        let mut file = files::to_stream(path).map_err(|error| cannot_read(path, &error))?;
        let meta = file.metadata().map_err(|error| cannot_read(path, &error))?;
        if meta.is_dir() {
            return Err(Error::new(
                Kind::Usage,
                format!("{} is a folder", path.display()),
                "Name a file.",
            ));
        }
        if meta.is_file() && meta.len() > IN_MEMORY_BYTES {
            return Ok(Self::File(file, meta.len()));
        }
        kept(&mut file, path)
    }

    /// Its length, bytes.
    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::None => 0,
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File(_, length) => *length,
        }
    }

    /// A reader of the body, from its beginning.
    pub(super) fn body(&self) -> Result<Option<Body>> {
        match self {
            Self::None => Ok(None),
            Self::Bytes(bytes) => Ok(Some(Body::from(bytes.clone()))),
            Self::File(file, length) => {
                let again = file.try_clone().and_then(|mut again| {
                    again.seek(SeekFrom::Start(0))?;
                    Ok(again)
                });
                let again = again.map_err(|error| cannot_read(Path::new("the input"), &error))?;
                Ok(Some(Body::sized(again, *length)))
            }
        }
    }
}

/// The text of a file that a field names; of stdin for `-`.
pub(crate) fn field(path: &Path) -> Result<String> {
    let bytes = if path == Path::new("-") {
        bounded(&mut streams::stdin(), path)?
    } else {
        files::refuse_foreign_pipe(path)?;
        bounded(&mut files::to_stream(path).map_err(|error| cannot_read(path, &error))?, path)?
    };
    String::from_utf8(bytes).map_err(|_| {
        Error::new(
            Kind::Usage,
            format!("{} is not UTF-8 text", path.display()),
            "A field is text; send other data with --input.",
        )
    })
}

fn bounded(reader: &mut dyn Read, path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = reader.take(MAX_FIELD_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|error| cannot_read(path, &error))?;
    if bytes.len() as u64 > MAX_FIELD_BYTES {
        return Err(Error::new(
            Kind::Usage,
            format!("{} is larger than 1 MiB", path.display()),
            "Send a large body with --input.",
        ));
    }
    Ok(bytes)
}

fn kept(reader: &mut dyn Read, path: &Path) -> Result<Input> {
    let mut bytes = Vec::new();
    let read = reader.take(IN_MEMORY_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|error| cannot_read(path, &error))?;
    if bytes.len() as u64 <= IN_MEMORY_BYTES {
        return Ok(Input::Bytes(bytes.into()));
    }
    let spooled = tempfile::tempfile().and_then(|mut file| {
        io::copy(&mut bytes.as_slice(), &mut file)?;
        io::copy(&mut reader.take(MAX_KEPT_BYTES + 1 - bytes.len() as u64), &mut file)?;
        Ok((file.metadata()?.len(), file))
    });
    let (length, file) = spooled.map_err(|error| {
        Error::new(
            Kind::Other,
            format!("Cannot write the input to a temporary file: {}", files::reason(&error)),
            "Save it as a file and pass that to --input, or set TMPDIR to a folder with enough \
             space.",
        )
    })?;
    if length > MAX_KEPT_BYTES {
        return Err(Error::new(
            Kind::Usage,
            "The input from a pipe or device is larger than 256 MiB",
            "Save it as a file and pass that to --input: a file has no limit.",
        ));
    }
    Ok(Input::File(file, length))
}

fn cannot_read(path: &Path, error: &io::Error) -> Error {
    Error::new(
        Kind::Usage,
        format!("Cannot read {}: {}", path.display(), files::reason(error)),
        "Check the path and its permissions.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_pipe_becomes_a_file_that_can_be_sent_twice() {
        let length = IN_MEMORY_BYTES + 3;
        let input = kept(&mut io::repeat(7).take(length), Path::new("-")).unwrap();
        assert_eq!(input.len(), length);
        assert!(matches!(input, Input::File(..)));
        for _ in 0..2 {
            let Input::File(file, _) = &input else { continue };
            let body = input.body().unwrap().unwrap();
            let mut copy = file.try_clone().unwrap();
            assert_eq!(copy.stream_position().unwrap(), 0, "from the beginning");
            assert_eq!(io::copy(&mut copy, &mut io::sink()).unwrap(), length);
            drop(body);
        }
        let small = kept(&mut io::repeat(7).take(5), Path::new("-")).unwrap();
        assert!(matches!(&small, Input::Bytes(bytes) if bytes.len() == 5));
    }
}
