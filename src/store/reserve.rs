//! The reserve: disk space that is written before a rotating refresh token is used, so that the answer can be
//! saved even if the disk is full and the store cannot be written.

use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use crate::model::record::{RecordId, SealedCell};
use crate::store::error::{Error, Result};
use crate::sys::paths::Paths;
use crate::sys::{failpoint, files};

/// Twice the largest answer that is read, bytes.
pub(crate) const RESERVE_BYTES: usize = 128 * 1024;
/// The first bytes of a reserve file with a pending grant; an empty one begins with zeros.
const PENDING_MARK: &[u8; 8] = b"CCSPILL1";
const HEADER_BYTES: usize = PENDING_MARK.len() + 4;

/// Ensures that the record's reserve file exists, in full size and durably.
pub(crate) fn ensure(paths: &Paths, id: RecordId) -> Result<()> {
    let path = paths.reserve(id);
    files::ensure_private_dir(&paths.reserves_dir())?;
    if files::check_private_file(&path)?
        && std::fs::metadata(&path).is_ok_and(|meta| meta.len() >= RESERVE_BYTES as u64)
    {
        return Ok(());
    }
    let made = failpoint::write("reserve-write")
        .and_then(|()| files::write_whole(&path, &vec![0; RESERVE_BYTES], files::Replace::Yes));
    made.map_err(|error| Error::NoReserve(paths.reserves_dir(), error))
}

/// Overwrites the reserve in place with a pending grant, sealed; durable when it returns.
pub(crate) fn keep_pending(paths: &Paths, id: RecordId, answer: &SealedCell) -> Result<()> {
    let path = paths.reserve(id);
    let length = u32::try_from(answer.0.len()).map_err(|_| Error::TooLargeToReserve)?;
    if answer.0.len() + HEADER_BYTES > RESERVE_BYTES {
        return Err(Error::TooLargeToReserve);
    }
    let mut bytes = Vec::with_capacity(HEADER_BYTES + answer.0.len());
    bytes.extend_from_slice(PENDING_MARK);
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(&answer.0);
    overwrite("spill-write", &path, &bytes)
}

/// The pending grant in the reserve file, sealed, if there is one.
pub(crate) fn pending(paths: &Paths, id: RecordId) -> Result<Option<SealedCell>> {
    let path = paths.reserve(id);
    if !files::check_private_file(&path)? {
        return Ok(None);
    }
    let mut file = files::open_private(&path)?;
    let mut header = [0; HEADER_BYTES];
    if file.read_exact(&mut header).is_err() || &header[..PENDING_MARK.len()] != PENDING_MARK {
        return Ok(None);
    }
    let length = u32::from_le_bytes([header[8], header[9], header[10], header[11]]) as usize;
    let mut bytes = Vec::new();
    file.take(RESERVE_BYTES as u64)
        .read_to_end(&mut bytes)
        .map_err(|error| files::cannot("read", &path, &error))?;
    Ok(bytes.get(..length).map(|cell| SealedCell(cell.to_vec())))
}

/// Empties the reserve file after its answer was committed (or is obsolete).
pub(crate) fn clear(paths: &Paths, id: RecordId) -> Result<()> {
    overwrite("spill-clear", &paths.reserve(id), &vec![0; RESERVE_BYTES])
}

/// Removes the reserve file of a removed record.
pub(crate) fn remove(paths: &Paths, id: RecordId) {
    // An orphan costs 128 KiB and contains no unsealed secret; it must not make a logout fail.
    let _ = std::fs::remove_file(paths.reserve(id));
}

fn overwrite(moment: &str, path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = files::open_private(path)?;
    failpoint::write(moment)
        .and_then(|()| file.seek(SeekFrom::Start(0)))
        .and_then(|_| file.write_all(bytes))
        .and_then(|()| file.sync_all())
        .map_err(|error| files::cannot("write", path, &error).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pending_grant_comes_back_and_is_cleared() {
        let home = tempfile::tempdir().unwrap();
        let paths = Paths::under(home.path());
        let id = RecordId(7);
        assert_eq!(pending(&paths, id).unwrap(), None);
        ensure(&paths, id).unwrap();
        assert_eq!(pending(&paths, id).unwrap(), None);
        let answer = SealedCell(vec![3; 70_000]);
        keep_pending(&paths, id, &answer).unwrap();
        ensure(&paths, id).unwrap();
        assert_eq!(pending(&paths, id).unwrap(), Some(answer), "ensure keeps a pending grant");
        clear(&paths, id).unwrap();
        assert_eq!(pending(&paths, id).unwrap(), None);
    }

    #[test]
    fn a_pending_grant_never_grows_the_file() {
        let home = tempfile::tempdir().unwrap();
        let paths = Paths::under(home.path());
        let id = RecordId(7);
        ensure(&paths, id).unwrap();
        assert!(keep_pending(&paths, id, &SealedCell(vec![0; RESERVE_BYTES])).is_err());
        keep_pending(&paths, id, &SealedCell(vec![1; RESERVE_BYTES - HEADER_BYTES])).unwrap();
        let length = std::fs::metadata(paths.reserve(id)).unwrap().len();
        assert_eq!(length, RESERVE_BYTES as u64);
    }
}
