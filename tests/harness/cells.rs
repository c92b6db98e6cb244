//! Cells made without the program, by docs/security.md: a store as an earlier program left it, and an
//! identity for what a test edited on purpose.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use rusqlite::{Connection, Row};

use super::World;

const COLUMNS: [&str; 5] =
    ["access_token", "refresh_token", "id_token", "request_token", "unknown_fields"];

/// Every managed record and client secret, sealed as by a version without identities.
pub(crate) fn unbind(world: &World) {
    let cells = Cells::of(world);
    let records = cells.rows(&format!("{} WHERE profile IS NOT NULL", Record::SQL), Record::of);
    for record in records {
        for column in COLUMNS {
            let sql = format!("SELECT {column} FROM record WHERE id = ?1");
            let cell: Option<Vec<u8>> =
                cells.database.query_row(&sql, [record.id], |row| row.get(0)).unwrap();
            if let Some(secret) = cell.and_then(|cell| cells.open(2, &record.place(column), &cell))
            {
                let older = cells.seal(1, &record.place(column), &secret);
                cells.put("record", column, record.id, Some(older));
            }
        }
        cells.put("record", "identity", record.id, None);
    }
    for application in cells.rows(Application::SQL, Application::of) {
        if let Some(secret) = cells.open(2, &application.place(true), &application.cell) {
            let older = cells.seal(1, &application.place(false), &secret);
            cells.put("application", "client_secret", application.id, Some(older));
        }
    }
}

/// Seals an identity for the current state of every managed record.
pub(crate) fn bind(world: &World) {
    let cells = Cells::of(world);
    let records = cells.rows(&format!("{} WHERE profile IS NOT NULL", Record::SQL), Record::of);
    for record in records {
        let identity = cells.seal(2, &record.identity(), &[]);
        cells.put("record", "identity", record.id, Some(identity));
    }
}

/// A stored credential moved to another spelling of its host, as an earlier version kept it.
pub(crate) fn move_to_host(world: &World, host: &str) {
    let cells = Cells::of(world);
    let records = cells.rows(&format!("{} WHERE profile IS NULL", Record::SQL), Record::of);
    let [record] = &records[..] else { panic!("{} stored credentials", records.len()) };
    let sql = "SELECT access_token FROM record WHERE id = ?1";
    let cell: Vec<u8> = cells.database.query_row(sql, [record.id], |row| row.get(0)).unwrap();
    let secret = cells.open(1, &record.place("access_token"), &cell).unwrap();
    let moved = Record { host: host.into(), ..record.clone() };
    let sql = "UPDATE record SET host = ?2 WHERE id = ?1";
    assert_eq!(cells.database.execute(sql, (record.id, &moved.host)).unwrap(), 1);
    let resealed = cells.seal(1, &moved.place("access_token"), &secret);
    cells.put("record", "access_token", record.id, Some(resealed));
}

struct Cells {
    database: Connection,
    key: [u8; 32],
    store_id: Vec<u8>,
}

impl Cells {
    fn of(world: &World) -> Self {
        let database = world.database();
        let store_id =
            database.query_row("SELECT store_id FROM meta", [], |row| row.get(0)).unwrap();
        let key = std::fs::read(world.config_dir().join("key")).unwrap().try_into().unwrap();
        Self { database, key, store_id }
    }

    fn rows<T>(&self, sql: &str, of: fn(&Row<'_>) -> rusqlite::Result<T>) -> Vec<T> {
        let mut statement = self.database.prepare(sql).unwrap();
        statement.query_map([], of).unwrap().map(Result::unwrap).collect()
    }

    fn put(&self, table: &str, column: &str, id: i64, cell: Option<Vec<u8>>) {
        let sql = format!("UPDATE {table} SET {column} = ?2 WHERE id = ?1");
        assert_eq!(self.database.execute(&sql, (id, cell)).unwrap(), 1);
    }

    fn place(&self, format: u8, fields: &[Vec<u8>]) -> Vec<u8> {
        let mut all = if format == 2 { vec![vec![2]] } else { Vec::new() };
        all.push(fields[0].clone());
        all.push(self.store_id.clone());
        all.extend_from_slice(&fields[1..]);
        all.iter().flat_map(|f| [&(f.len() as u64).to_le_bytes()[..], f].concat()).collect()
    }

    fn open(&self, format: u8, fields: &[Vec<u8>], cell: &[u8]) -> Option<Vec<u8>> {
        let nonce: [u8; 24] = cell.get(9..33)?.try_into().unwrap();
        let payload = Payload { msg: &cell[33..], aad: &self.place(format, fields) };
        let cipher = XChaCha20Poly1305::new(&Key::from(self.key));
        cipher.decrypt(&XNonce::from(nonce), payload).ok().filter(|_| cell[0] == format)
    }

    fn seal(&self, format: u8, fields: &[Vec<u8>], secret: &[u8]) -> Vec<u8> {
        let key_id: Vec<u8> =
            self.database.query_row("SELECT key_id FROM meta", [], |row| row.get(0)).unwrap();
        let mut nonce = [0; 24];
        getrandom::fill(&mut nonce).unwrap();
        let payload = Payload { msg: secret, aad: &self.place(format, fields) };
        let cipher = XChaCha20Poly1305::new(&Key::from(self.key));
        let sealed = cipher.encrypt(&XNonce::from(nonce), payload).unwrap();
        [&[format][..], &key_id, &nonce, &sealed].concat()
    }
}

/// The columns of a record that its cells are bound to.
#[derive(Clone)]
struct Record {
    id: i64,
    profile: String,
    protocol: Vec<u8>,
    host: Vec<u8>,
    path: (bool, Vec<u8>),
    username: (bool, Vec<u8>),
    geolocation: String,
    principal: String,
    obtained_by: Option<String>,
    application: i64,
    origin: String,
    client_id: String,
}

impl Record {
    const SQL: &str = "SELECT r.id, coalesce(profile, ''), protocol, host, path_given, path, username_given, \
        username, coalesce(geolocation, ''), coalesce(principal, ''), obtained_by, coalesce(a.id, 0), \
        coalesce(a.origin, ''), coalesce(a.client_id, '') \
        FROM record r LEFT JOIN application a ON a.id = r.application_id";

    fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            profile: row.get(1)?,
            protocol: row.get(2)?,
            host: row.get(3)?,
            path: (row.get(4)?, row.get(5)?),
            username: (row.get(6)?, row.get(7)?),
            geolocation: row.get(8)?,
            principal: row.get(9)?,
            obtained_by: row.get(10)?,
            application: row.get(11)?,
            origin: row.get(12)?,
            client_id: row.get(13)?,
        })
    }

    fn place(&self, column: &str) -> Vec<Vec<u8>> {
        let given = |(given, bytes): &(bool, Vec<u8>)| [vec![u8::from(*given)], bytes.clone()];
        let [path_given, path] = given(&self.path);
        let [username_given, username] = given(&self.username);
        vec![
            b"record".to_vec(),
            self.id.to_le_bytes().to_vec(),
            column.into(),
            self.client_id.clone().into(),
            self.protocol.clone(),
            self.host.clone(),
            path_given,
            path,
            username_given,
            username,
            self.geolocation.clone().into(),
        ]
    }

    fn identity(&self) -> Vec<Vec<u8>> {
        vec![
            b"identity".to_vec(),
            self.id.to_le_bytes().to_vec(),
            self.profile.clone().into(),
            self.application.to_le_bytes().to_vec(),
            self.origin.clone().into(),
            self.client_id.clone().into(),
            self.principal.clone().into(),
            vec![u8::from(self.obtained_by.is_some())],
            self.obtained_by.clone().unwrap_or_default().into(),
        ]
    }
}

struct Application {
    id: i64,
    name: String,
    client_id: String,
    origin: String,
    cell: Vec<u8>,
}

impl Application {
    const SQL: &str = "SELECT id, name, client_id, origin, client_secret FROM application";

    fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            name: row.get(1)?,
            client_id: row.get(2)?,
            origin: row.get(3)?,
            cell: row.get(4)?,
        })
    }

    fn place(&self, with_name: bool) -> Vec<Vec<u8>> {
        let mut fields = vec![b"application".to_vec(), self.id.to_le_bytes().to_vec()];
        if with_name {
            fields.push(self.name.clone().into());
        }
        fields.push(self.client_id.clone().into());
        fields.push(self.origin.clone().into());
        fields
    }
}
