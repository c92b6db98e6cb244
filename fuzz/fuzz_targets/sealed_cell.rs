//! Cells of a store that another user can write to.
#![no_main]

use std::sync::OnceLock;

use arbitrary::Arbitrary;
use concur_cred::fuzzing::{open_cell, seal_cell, Application, ApplicationId, Attempt, Column, GitKey, Record, RecordId, SealedCell, Secret, Key};
use libfuzzer_sys::fuzz_target;

const STORE_ID: &[u8] = b"sixteen bytes id";

const COLUMNS: [Column; 5] = [
    Column::AccessToken,
    Column::RefreshToken,
    Column::IdToken,
    Column::RequestToken,
    Column::UnknownFields,
];

#[derive(Arbitrary, Debug)]
enum Input<'a> {
    /// An arbitrary cell.
    Bytes(&'a [u8]),
    /// A real cell with bytes changed (where, by what), then cut or grown.
    Damaged { edits: Vec<(u8, u8)>, keep: u8, more: &'a [u8] },
    /// A real cell in another place.
    Moved(Box<Somewhere<'a>>),
}

#[derive(Arbitrary, Debug)]
struct Somewhere<'a> {
    store_id: &'a [u8],
    id: i64,
    column: u8,
    client_id: Option<&'a str>,
    protocol: &'a [u8],
    host: &'a [u8],
    path: Option<&'a [u8]>,
    username: Option<&'a [u8]>,
    geolocation: &'a str,
}

fuzz_target!(|input: Input<'_>| {
    let record = home();
    let open = |cell: &[u8]| {
        open_cell(key(), STORE_ID, record, Column::RefreshToken, &SealedCell(cell.to_vec()))
    };
    assert!(open(cell()).is_some_and(|secret| secret == secret_inside()), "at home it opens");
    match input {
        Input::Bytes(bytes) => assert_eq!(open(bytes), None, "a forgery opened"),
        Input::Damaged { edits, keep, more } => {
            let mut damaged = cell().to_vec();
            for (at, by) in edits {
                let at = usize::from(at) % damaged.len();
                damaged[at] ^= by;
            }
            damaged.truncate(usize::from(keep) + 1);
            damaged.extend_from_slice(more);
            // The key id is a hint for people, bytes 1 to 8; all else is authenticated.
            let counts = |cell: &[u8]| [&cell[..1], cell.get(9..).unwrap_or_default()].concat();
            let whole = damaged.len() == cell().len() && counts(&damaged) == counts(cell());
            assert_eq!(open(&damaged).is_some(), whole, "a damaged cell opened");
        }
        Input::Moved(place) => {
            let column = COLUMNS[usize::from(place.column) % COLUMNS.len()];
            let mut there = home().clone();
            there.id = RecordId(place.id);
            there.key = GitKey {
                protocol: place.protocol.to_vec(),
                host: place.host.to_vec(),
                path: place.path.map(<[u8]>::to_vec),
                username: place.username.map(<[u8]>::to_vec),
            };
            place.geolocation.clone_into(&mut there.geolocation);
            there.application = place.client_id.map(application);
            let opened =
                open_cell(key(), place.store_id, &there, column, &SealedCell(cell().to_vec()));
            assert_eq!(opened, None, "a cell opened away from home");
            // A cell sealed for a place opens there, with any field values, and at no other place.
            let secret = secret_inside();
            let moved = seal_cell(key(), place.store_id, &there, column, &secret).expect("sealed");
            assert_eq!(open_cell(key(), place.store_id, &there, column, &moved), Some(secret));
            assert_eq!(open(&moved.0), None);
        }
    }
});

fn key() -> &'static Key {
    static KEY: OnceLock<Key> = OnceLock::new();
    KEY.get_or_init(|| Key::from_bytes([7; 32]))
}

fn secret_inside() -> Secret {
    Secret::from("a refresh token")
}

fn cell() -> &'static [u8] {
    static CELL: OnceLock<Vec<u8>> = OnceLock::new();
    CELL.get_or_init(|| {
        seal_cell(key(), STORE_ID, home(), Column::RefreshToken, &secret_inside())
            .expect("sealed")
            .0
    })
}

fn application(client_id: &str) -> Application {
    Application {
        id: ApplicationId(1),
        name: "app".to_owned(),
        client_id: client_id.to_owned(),
        client_secret: SealedCell(Vec::new()),
        origin: "https://us2.api.concursolutions.com".to_owned(),
    }
}

/// A record with an id that no short input spells by chance.
fn home() -> &'static Record {
    static HOME: OnceLock<Record> = OnceLock::new();
    HOME.get_or_init(|| Record {
        id: RecordId(0x1234_5678_9abc_def1),
        key: GitKey {
            protocol: b"https".to_vec(),
            host: b"us2.api.concursolutions.com".to_vec(),
            path: None,
            username: Some(b"08bcca1e-0d4f-4261-9f1b-f9778361f91a".to_vec()),
        },
        profile: None,
        application: Some(application("8b4a3f0e-1c4d-4d5a-a3a9-000000000001")),
        authtype: None,
        access_token: None,
        access_expires_at: None,
        refresh_token: None,
        refresh_expires_at: None,
        refresh_expiry_assumed: false,
        scope: None,
        geolocation: "https://us2.api.concursolutions.com".to_owned(),
        principal: String::new(),
        principal_type: None,
        obtained_by: None,
        id_token: None,
        request_token: None,
        request_token_expires_at: None,
        unknown_fields: None,
        identity: None,
        created_at: 0,
        obtained_at: 0,
        refreshed_at: None,
        updated_at: 0,
        generation: 0,
        attempt: Attempt::default(),
    })
}
