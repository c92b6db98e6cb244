//! The program's code opens docs/sealed-cells.json, on which other programs rely.

use serde::Deserialize;

use super::*;
use crate::model::grant::GrantKind;
use crate::model::record::ApplicationId;

const VECTORS: &str = include_str!("../../../../docs/sealed-cells.json");

#[derive(Deserialize)]
struct Vectors {
    key: String,
    key_id: String,
    cells: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    name: String,
    #[serde(flatten)]
    fields: Fields,
    nonce: String,
    associated_data: String,
    plaintext: String,
    cell: String,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Fields {
    Record {
        store_id: String,
        record_id: i64,
        column: String,
        client_id: String,
        protocol: String,
        host: String,
        path: Option<String>,
        username: Option<String>,
        base_url: String,
    },
    Identity {
        store_id: String,
        record_id: i64,
        profile: String,
        application_id: i64,
        origin: String,
        client_id: String,
        principal: String,
        grant: Option<String>,
    },
    Application {
        store_id: String,
        application_id: i64,
        /// Bound since format 2.
        application_name: Option<String>,
        client_id: String,
        origin: String,
    },
    Spill {
        store_id: String,
        record_id: i64,
        generation: i64,
    },
    #[serde(rename = "ticket")]
    Cache {
        body: String,
    },
}

const COLUMNS: [Column; 5] = [
    Column::AccessToken,
    Column::RefreshToken,
    Column::IdToken,
    Column::RequestToken,
    Column::UnknownFields,
];

impl Fields {
    fn place(&self, format: u8) -> Place {
        match self {
            Self::Record {
                store_id,
                record_id,
                column,
                client_id,
                protocol,
                host,
                path,
                username,
                base_url,
            } => {
                let bytes = |text: &Option<String>| text.clone().map(String::into_bytes);
                let key = GitKey {
                    protocol: protocol.clone().into_bytes(),
                    host: host.clone().into_bytes(),
                    path: bytes(path),
                    username: bytes(username),
                };
                let id = RecordId(*record_id);
                let has_identity = format == WITH_IDENTITY;
                let binding =
                    Binding { id, client_id, key: &key, geolocation: base_url, has_identity };
                let column = COLUMNS.into_iter().find(|known| known.name() == column).unwrap();
                Place::of_cell(&hex(store_id), binding, column)
            }
            Self::Identity { .. } => self.identity(),
            Self::Application {
                store_id,
                application_id,
                application_name: name,
                client_id,
                origin,
            } => {
                let application = Application {
                    id: ApplicationId(*application_id),
                    name: name.clone().unwrap_or_default(),
                    client_id: client_id.clone(),
                    client_secret: SealedCell(Vec::new()),
                    origin: origin.clone(),
                };
                match name {
                    Some(_) => Place::of_client_secret(&hex(store_id), &application),
                    None => Place::of_older_client_secret(&hex(store_id), &application),
                }
            }
            Self::Spill { store_id, record_id, generation } => {
                Place::of_pending_grant(&hex(store_id), RecordId(*record_id), *generation)
            }
            Self::Cache { body } => Place::of_cache(&hex(body)),
        }
    }

    fn identity(&self) -> Place {
        let Self::Identity {
            store_id,
            record_id,
            profile,
            application_id,
            origin,
            client_id,
            principal,
            grant,
        } = self
        else {
            unreachable!()
        };
        let id = RecordId(*record_id);
        let application = ApplicationId(*application_id);
        let obtained_by = grant.as_deref().map(|g| GrantKind::from_name(g).unwrap());
        let links = Links { id, profile, application, origin, client_id, principal, obtained_by };
        Place::of_identity(&hex(store_id), links)
    }
}

fn hex(text: &str) -> Vec<u8> {
    assert_eq!(text.len() % 2, 0, "{text}");
    let pairs = (0..text.len()).step_by(2).map(|at| &text[at..at + 2]);
    pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

fn vectors() -> (Key, Vectors) {
    let vectors: Vectors = serde_json::from_str(VECTORS).unwrap();
    (Key::from_bytes(hex(&vectors.key).try_into().unwrap()), vectors)
}

#[test]
fn every_published_cell_opens_in_the_place_that_its_fields_make() {
    let (key, vectors) = vectors();
    assert_eq!(key.id().to_vec(), hex(&vectors.key_id));
    for Vector { name, fields, nonce, associated_data, plaintext, cell } in &vectors.cells {
        let cell = SealedCell(hex(cell));
        let place = fields.place(cell.0[0]);
        assert_eq!(place.data, hex(associated_data), "{name}");
        assert_eq!(cell.0[0], place.format, "{name}");
        assert_eq!(cell.0[1..HEADER_BYTES], key.id(), "{name}");
        assert_eq!(cell.0[HEADER_BYTES..HEADER_BYTES + NONCE_BYTES], hex(nonce), "{name}");
        assert_eq!(unseal(&key, &place, &cell).unwrap().expose(), plaintext.as_bytes(), "{name}");
    }
}

#[test]
fn no_published_cell_opens_in_the_place_of_another() {
    let (key, vectors) = vectors();
    for (at, vector) in vectors.cells.iter().enumerate() {
        let cell = SealedCell(hex(&vector.cell));
        let others = vectors.cells.iter().enumerate().filter(|(other, _)| *other != at);
        for (_, other) in others {
            let format = hex(&other.cell)[0];
            let opened = unseal(&key, &other.fields.place(format), &cell);
            assert_eq!(opened, Err(DoesNotOpen), "{} in place of {}", vector.name, other.name);
        }
    }
}

#[test]
fn there_is_a_published_cell_of_every_kind_and_column() {
    let (_, vectors) = vectors();
    let mut kinds = [false; 5];
    let mut columns = Vec::new();
    for vector in vectors.cells {
        match vector.fields {
            Fields::Record { column, .. } => {
                kinds[0] = true;
                columns.push(column);
            }
            Fields::Application { .. } => kinds[1] = true,
            Fields::Spill { .. } => kinds[2] = true,
            Fields::Cache { .. } => kinds[3] = true,
            Fields::Identity { .. } => kinds[4] = true,
        }
    }
    assert_eq!(kinds, [true; 5]);
    for column in COLUMNS {
        assert!(columns.iter().any(|name| name == column.name()), "{column:?}");
    }
}
