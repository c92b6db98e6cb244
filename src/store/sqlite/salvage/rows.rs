//! Row by row, around what cannot be read: from both ends, between the holes, and by the indexes.

use std::collections::{BTreeSet, VecDeque};

use rusqlite::types::Value;
use rusqlite::{Connection, Statement};

use super::super::migrate::{self, NewStore};
use super::copy::unidentified;
use crate::error::Result;
use crate::model::printable::printable;
use crate::model::profile::ProfileName;
use crate::store::{Meta, failed};

/// How often a table is asked at the most.
const MAX_QUESTIONS: u32 = 4000;

/// What was found, besides the rows themselves.
pub(super) struct Found {
    /// The ids of the records that were read.
    pub(super) ids: Vec<i64>,
    /// The names of all profiles that any index or row tells.
    pub(super) profiles: Vec<String>,
    /// Other entries that an index tells and that could not be read.
    pub(super) unread: Vec<String>,
}

/// Copies every row that can be read into a database in memory, without the constraints that only
/// whole tables meet.
pub(super) fn stage(copy: &Connection, meta: &Meta) -> Result<(Connection, Found)> {
    let mut staged = Connection::open_in_memory().map_err(|error| failed(&error))?;
    let store_id = meta.store_id.as_slice().try_into();
    let store_id = store_id.map_err(|_| unidentified("store.db".as_ref()))?;
    let new = NewStore { store_id, key_source: meta.key_source.name(), key_id: &meta.key_id };
    migrate::migrate(&mut staged, Some(&new))?;
    staged
        .execute_batch(
            "PRAGMA foreign_keys = OFF; DROP INDEX record_by_key; DROP INDEX record_by_profile",
        )
        .map_err(|error| failed(&error))?;
    Table::new(copy, &staged, "application").read(&[]);
    let by_profile = named(
        copy,
        "SELECT id, CAST(profile AS BLOB) FROM record INDEXED BY record_by_profile \
         WHERE profile IS NOT NULL ORDER BY profile",
    );
    let by_key = named(copy, "SELECT id, host FROM record INDEXED BY record_by_key ORDER BY host");
    let hinted: Vec<i64> = by_profile.iter().chain(&by_key).map(|(id, _)| *id).collect();
    Table::new(copy, &staged, "record").read(&hinted);
    let ids = ids_of(&staged);
    let names = by_profile.iter().filter_map(|(_, name)| String::from_utf8(name.clone()).ok());
    // What the damage made of a name is no name.
    let profiles = names.filter(|name| name.parse::<ProfileName>().is_ok()).collect();
    let told: BTreeSet<i64> = by_profile.iter().map(|(id, _)| *id).chain(ids.clone()).collect();
    let unread = by_key
        .iter()
        .filter(|(id, _)| !told.contains(id))
        .map(|(_, host)| printable(&format!("entry for {}", String::from_utf8_lossy(host)), 120))
        .collect();
    Ok((staged, Found { ids, profiles, unread }))
}

fn ids_of(staged: &Connection) -> Vec<i64> {
    staged
        .prepare("SELECT id FROM record ORDER BY id")
        .and_then(|mut statement| statement.query_map([], |row| row.get(0))?.collect())
        .unwrap_or_default()
}

/// The ids that an index tells, each with a name, up to the first that cannot be read; from both
/// ends.
fn named(copy: &Connection, sql: &str) -> Vec<(i64, Vec<u8>)> {
    let mut found = Vec::new();
    for order in ["ASC", "DESC"] {
        let Ok(mut statement) = copy.prepare(&format!("{sql} {order}")) else { continue };
        let Ok(mut rows) = statement.query([]) else { continue };
        while let Ok(Some(row)) = rows.next() {
            if let (Ok(id), Ok(name)) = (row.get(0), row.get(1)) {
                found.push((id, name));
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

/// One table of the copy, on its way into the staged one.
struct Table<'c> {
    select: Option<[Statement<'c>; 2]>,
    insert: Option<Statement<'c>>,
    seen: BTreeSet<i64>,
    questions: u32,
}

#[derive(Clone, Copy)]
enum Way {
    Up,
    Down,
}

/// How far a walk came.
struct Walk {
    last: Option<i64>,
    whole: bool,
}

impl<'c> Table<'c> {
    fn new(copy: &'c Connection, staged: &'c Connection, name: &str) -> Self {
        let here = columns(copy, name);
        let columns: Vec<String> =
            columns(staged, name).into_iter().filter(|column| here.contains(column)).collect();
        let list = columns.join(", ");
        let places = vec!["?"; columns.len()].join(", ");
        let select = |order: &str| {
            copy.prepare(&format!(
                "SELECT id, {list} FROM {name} NOT INDEXED WHERE id > ?1 AND id < ?2 \
                 ORDER BY id {order}"
            ))
        };
        let insert = format!("INSERT OR IGNORE INTO {name} ({list}) VALUES ({places})");
        Self {
            select: select("ASC").and_then(|up| Ok([up, select("DESC")?])).ok(),
            insert: staged.prepare(&insert).ok(),
            seen: BTreeSet::new(),
            questions: 0,
        }
    }

    /// Reads what can be read.
    fn read(mut self, hinted: &[i64]) {
        let up = self.walk(Way::Up, i64::MIN, i64::MAX);
        if !up.whole {
            let low = up.last.unwrap_or(-1);
            let down = self.walk(Way::Down, low, i64::MAX);
            self.between(low, down.last.unwrap_or(i64::MAX));
        }
        for id in hinted {
            if !self.seen.contains(id) {
                self.walk(Way::Up, id.saturating_sub(1), id.saturating_add(1));
            }
        }
    }

    /// Halves what lies between two holes, again and again: a page that cannot be read hides only
    /// its own rows.
    fn between(&mut self, low: i64, high: i64) {
        let mut gaps = VecDeque::from([(low, high)]);
        while let Some((low, high)) = gaps.pop_front() {
            let middle = low.midpoint(high);
            if middle <= low || self.questions >= MAX_QUESTIONS {
                continue;
            }
            let down = self.walk(Way::Down, low, middle.saturating_add(1));
            if !down.whole {
                gaps.push_back((low, down.last.unwrap_or(middle)));
            }
            let up = self.walk(Way::Up, middle, high);
            if !up.whole {
                gaps.push_back((up.last.unwrap_or(middle), high));
            }
        }
    }

    /// Reads the rows between two ids (both excluded) until one cannot be read.
    fn walk(&mut self, way: Way, low: i64, high: i64) -> Walk {
        let mut walk = Walk { last: None, whole: false };
        self.questions += 1;
        let (Some([up, down]), Some(insert)) = (&mut self.select, &mut self.insert) else {
            return walk;
        };
        let statement = match way {
            Way::Up => up,
            Way::Down => down,
        };
        let width = statement.column_count();
        let Ok(mut rows) = statement.query([low, high]) else { return walk };
        loop {
            match rows.next() {
                Ok(Some(row)) => {
                    let values: rusqlite::Result<Vec<Value>> =
                        (1..width).map(|at| row.get(at)).collect();
                    let (Ok(id), Ok(values)) = (row.get::<_, i64>(0), values) else { return walk };
                    // A damaged tree can lead in circles.
                    let onward = match way {
                        Way::Up => walk.last.is_none_or(|last| id > last),
                        Way::Down => walk.last.is_none_or(|last| id < last),
                    };
                    if !onward {
                        return walk;
                    }
                    walk.last = Some(id);
                    if self.seen.insert(id) {
                        // One that breaks the table's rules is no row of ours.
                        let _ = insert.execute(rusqlite::params_from_iter(values));
                    }
                }
                Ok(None) => {
                    walk.whole = true;
                    return walk;
                }
                Err(_) => return walk,
            }
        }
    }
}

fn columns(connection: &Connection, table: &str) -> Vec<String> {
    connection
        .prepare("SELECT name FROM pragma_table_info(?1)")
        .and_then(|mut statement| statement.query_map([table], |row| row.get(0))?.collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::keys::KeySource;

    const ROWS: i64 = 600;
    const PAGE: usize = 4096;

    fn meta() -> Meta {
        let (store_id, key_id) = (vec![1; 16], vec![2; 8]);
        Meta { store_id, key_source: KeySource::File, key_id, used_profile: None }
    }

    /// A store with many rows under ids as random as real ones.
    fn filled(path: &std::path::Path) {
        let mut store = Connection::open(path).unwrap();
        let new = NewStore { store_id: [1; 16], key_source: "file", key_id: &[2; 8] };
        migrate::migrate(&mut store, Some(&new)).unwrap();
        let columns = "id, protocol, host, path_given, path, username_given, username, \
             access_token, refresh_expiry_assumed, geolocation, principal, created_at, \
             obtained_at, updated_at, generation, attempt, attempt_failures";
        let sql = format!(
            "INSERT INTO record ({columns}) VALUES \
             (?1, x'00', ?2, 0, x'', 0, x'', zeroblob(500), 0, '', '', 0, 0, 0, 0, 0, 0)"
        );
        let transaction = store.transaction().unwrap();
        for n in 1..=ROWS {
            let id = n.wrapping_mul(0x5851_f42d_4c95_7f2d) & i64::MAX;
            transaction.execute(&sql, (id, n.to_le_bytes())).unwrap();
        }
        transaction.commit().unwrap();
        store.execute_batch("DROP INDEX record_by_key; DROP INDEX record_by_profile").unwrap();
    }

    #[test]
    fn pages_that_cannot_be_read_hide_only_their_own_rows() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        filled(&path);
        let mut bytes = std::fs::read(&path).unwrap();
        // Leaves of tables begin with 13; those of the meta and application tables come first.
        let leaves: Vec<usize> =
            (4..bytes.len() / PAGE).filter(|page| bytes[page * PAGE] == 13).collect();
        assert!(leaves.len() > 50, "{}", leaves.len());
        let mut hidden = 0;
        for page in leaves.iter().step_by(7) {
            let page = &mut bytes[page * PAGE..(page + 1) * PAGE];
            hidden += i64::from(u16::from_be_bytes([page[3], page[4]]));
            page.fill(0xa5);
        }
        std::fs::write(&path, bytes).unwrap();
        let (_, found) = stage(&Connection::open(&path).unwrap(), &meta()).unwrap();
        assert_eq!(i64::try_from(found.ids.len()).unwrap(), ROWS - hidden);
    }
}
