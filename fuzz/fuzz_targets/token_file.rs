//! `refreshTokenObjectFile.json`, as people and scripts damage it.
#![no_main]

use concur_cred::fuzzing::{FileError, TokenFile, UnknownFields, Secret};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    match TokenFile::parse(data) {
        Ok(mut file) => {
            // The application is read, and not written.
            (file.client_id, file.client_secret) = (None, None);
            reads_back(&file);
        }
        Err(error) => is_somewhere_in(error, data),
    }
});

fn reads_back(file: &TokenFile) {
    let rendered = file.render().expect("what was read from text can be written as text");
    assert_eq!(rendered.split(|byte| *byte == b'\n').count(), 2, "one line");
    let again = TokenFile::parse(&rendered).expect("what we write we read");
    assert!(again == *file, "read back as another file: {again:?} {file:?}");
    assert_eq!(again.render().as_deref(), Ok(&*rendered), "writing settles at once");
    for secret in [&file.access_token, &file.refresh_token, &file.id_token].into_iter().flatten() {
        let text = secret.expose_utf8().expect("from text");
        assert!(!text.is_empty() && text == text.trim() && !text.contains(char::is_control));
    }
    assert!(file.refresh_expires_at.is_none_or(|at| at < 100_000_000_000));
    let sealed = file.unknown.to_secret_json();
    let unsealed = sealed.as_ref().and_then(UnknownFields::from_secret_json).unwrap_or_default();
    assert!(unsealed == file.unknown, "the store would change an unknown field");
    assert_eq!(sealed.as_ref().map_or(0, Secret::len) == 0, file.unknown.is_empty());
}

fn is_somewhere_in(error: FileError, data: &[u8]) {
    let FileError { line, column, .. } = error;
    assert_eq!(line == 0, column == 0);
    assert!(line <= data.split(|byte| *byte == b'\n').count(), "{error}");
    assert!(column <= data.len() + 1, "{error}");
    assert!(!error.to_string().is_empty());
}
