//! The cache: what a hit needs of the database, in a small file beside it.
//!
//! SQLite reads and parses the whole schema whenever it opens a file, which costs more than all else
//! in a hit together (docs/performance.md). So whoever has looked at the managed accounts leaves them,
//! as sealed as they stand in the database, in a cache. It is good while the database is the very
//! file that it was: the same inode, size and time of change, the same file change counter (SQLite
//! file format, section 1.3.7: what SQLite itself goes by to tell whether its own copy of a page is
//! still good), and no journal beside it. Any commit of anybody makes it void. It is authenticated by
//! the store's key, may vanish at any time, and is never waited for: without a good one the database
//! is asked.

use std::fs::{File, Metadata};
use std::io::Read;
use std::mem;

use super::keys;
use super::keys::seal::{self, Place};
use super::sqlite::{migrate, rows};
use super::{Meta, Store};
use crate::model::profile::ProfileName;
use crate::model::record::{Account, GitKey, RecordId, SealedCell};
use crate::model::secret::Secret;
use crate::sys::paths::{Paths, journal_of};
use crate::sys::{failpoint, files, signals, trace};

/// The form of a cache; the schema version that it was written under counts as well.
const FORMAT: i64 = 2;
/// A cache for more accounts would cost each hit more than it saves.
const MOST_ACCOUNTS: usize = 16;
/// SQLite file format, section 1.3: the header's fields up to the change counter's end.
const HEADER_BYTES: usize = 28;

/// By what a database file is known to be unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    identity: Identity,
    length: i64,
    /// Nanoseconds since the epoch.
    changed_at: i64,
    /// The same of content or entry, which nobody sets back (`ctime`); 0 where there is none.
    entry_changed_at: i64,
    change_counter: i64,
}

impl Stamp {
    /// The stamp of a database file just opened; `None` when nobody could go by it: it is empty, not
    /// in rollback-journal mode, or a journal stands beside it.
    pub(super) fn of(store: &File, meta: &Metadata, paths: &Paths) -> Option<Self> {
        // Looked for before the counter is read: whoever commits in between changes the counter.
        let journal = std::fs::symlink_metadata(journal_of(&paths.store()));
        if !journal.is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
            return None;
        }
        let mut header = [0; HEADER_BYTES];
        let mut file = store;
        file.read_exact(&mut header).ok()?;
        // Write and read version 1: the change counter counts every commit (not so with WAL).
        if header[18..20] != [1, 1] {
            return None;
        }
        let (_, counter) = header.split_last_chunk::<4>()?;
        let changed = meta.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
        Some(Self {
            identity: Identity::of(meta),
            length: i64::try_from(meta.len()).ok()?,
            changed_at: i64::try_from(changed.as_nanos()).ok()?,
            entry_changed_at: entry_changed_at(meta),
            change_counter: i64::from(u32::from_be_bytes(*counter)),
        })
    }

    fn numbers(self) -> [i64; 6] {
        let Self {
            identity: Identity { device, inode },
            length,
            changed_at,
            entry_changed_at,
            change_counter,
        } = self;
        [device, inode, length, changed_at, entry_changed_at, change_counter]
    }
}

#[cfg(unix)]
fn entry_changed_at(meta: &Metadata) -> i64 {
    use std::os::unix::fs::MetadataExt;
    meta.ctime().saturating_mul(1_000_000_000).saturating_add(meta.ctime_nsec())
}

#[cfg(not(unix))]
fn entry_changed_at(_meta: &Metadata) -> i64 {
    0
}

/// Which file a file is, whatever its name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Identity {
    device: i64,
    inode: i64,
}

impl Identity {
    #[cfg(unix)]
    pub(super) fn of(meta: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self { device: meta.dev().cast_signed(), inode: meta.ino().cast_signed() }
    }

    /// Without a number for a file, its length, time and counter must do; none is renamed while it is
    /// open.
    #[cfg(not(unix))]
    pub(super) fn of(_meta: &Metadata) -> Self {
        Self::default()
    }
}

/// The store as a hit needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cache {
    stamp: Stamp,
    meta: Meta,
    /// By name; `None` when there are too many.
    accounts: Option<Vec<Account>>,
}

impl Store {
    /// The cache, if there is a good one. The key that vouches for it is the store's key from then
    /// on, and what it says of the store is taken for read.
    pub(super) fn cache(&self) -> Option<&Cache> {
        self.cache.get_or_init(|| self.read_cache()).as_ref()
    }

    fn read_cache(&self) -> Option<Cache> {
        let stamp = self.stamp?;
        // Its secrets are sealed: overwriting it all when it is dropped would be 3 k instructions of a hit.
        let bytes = mem::take(&mut *files::read_private(&self.paths.cache()).ok()??);
        let (tag, body) = bytes.split_at_checked(seal::EMPTY_CELL_BYTES)?;
        let cache = Cache::parse(body).ok().filter(|cache| cache.stamp == stamp)?;
        let source = cache.meta.key_source;
        if !source.can_be_read_again(&self.keys) {
            return None;
        }
        let loaded = keys::load(source, &self.paths, &self.keys).ok()?;
        let tag = SealedCell(tag.to_vec());
        seal::unseal(&loaded.key, &Place::of_cache(body), &tag).ok()?;
        trace::step("ticket read");
        let _ = self.key.set(loaded);
        let _ = self.meta.set(cache.meta.clone());
        Some(cache)
    }

    /// Leaves a cache for the next hit, when there is no good one. What stands in the way of that
    /// harms nobody: the next hit asks the database.
    pub(crate) fn leave_cache(&self) {
        if matches!(self.cache.get(), Some(Some(_))) {
            return;
        }
        // The same before and after: nobody committed while the accounts were read. The same file as
        // when the store was opened: it is the one that the connection reads. No statement is open, so
        // that closing the file here drops no lock of SQLite's.
        let Some(stamp) = self.stamp_now() else { return self.remove_cache() };
        if stamp.identity != self.identity {
            return;
        }
        let Ok(accounts) = self.every_account(MOST_ACCOUNTS + 1) else { return };
        let Ok(meta) = self.connection().and_then(rows::read_meta) else { return };
        if self.stamp_now() != Some(stamp) || !meta.key_source.can_be_read_again(&self.keys) {
            return self.remove_cache();
        }
        let accounts = Some(accounts).filter(|accounts| accounts.len() <= MOST_ACCOUNTS);
        signals::survive_the_file_size_limit();
        // The tag will vouch for all of them.
        if accounts.iter().flatten().any(|account| self.prove_account(account).is_err()) {
            return self.remove_cache();
        }
        let Ok(key) = self.sealing_key() else { return };
        if meta.key_id != key.id() {
            return;
        }
        let body = Cache { stamp, meta, accounts }.render();
        let Ok(tag) = seal::seal(key, &Place::of_cache(&body), &Secret::new([])) else { return };
        failpoint::pass("cache-made");
        if files::write_copy(&self.paths.cache(), &[&tag.0[..], &body].concat()).is_ok() {
            trace::step("ticket left");
        }
        // Whoever forgot a profile since the last look has removed the cache before this one came.
        if self.stamp_now() != Some(stamp) {
            self.remove_cache();
        }
    }

    /// Removes the cache: it holds what was forgotten. After the commit, so that no reader of the old
    /// state leaves another one.
    pub(crate) fn remove_cache(&self) {
        let _ = std::fs::remove_file(self.paths.cache());
    }

    fn stamp_now(&self) -> Option<Stamp> {
        let (file, meta) = files::open_private_to_read(&self.paths.store()).ok()??;
        Stamp::of(&file, &meta, &self.paths)
    }
}

impl Cache {
    /// What [`Store::find_profile`] asks the database for; `None` when the database must be asked.
    pub(super) fn find_profile(&self, profile: Option<&str>) -> Option<Vec<Account>> {
        let name = profile.or(self.meta.used_profile.as_deref());
        let is_meant =
            |account: &&Account| name.is_none_or(|name| account.profile.as_str() == name);
        Some(self.accounts.as_ref()?.iter().filter(is_meant).take(2).cloned().collect())
    }

    /// What [`Store::accounts_for_host`] asks the database for; `None` when the database must be asked.
    pub(super) fn accounts_for_host(
        &self,
        protocol: &[u8],
        host: &[u8],
        twin_of: &[u8],
    ) -> Option<Vec<Account>> {
        let is_of_host = |account: &&Account| {
            let key = &account.key;
            key.protocol == protocol && (key.host == host || key.host == twin_of)
        };
        Some(self.accounts.as_ref()?.iter().filter(is_of_host).cloned().collect())
    }

    fn render(&self) -> Vec<u8> {
        let Self { stamp, meta, accounts } = self;
        let Meta { store_id, key_source, key_id, used_profile } = meta;
        let mut out = Writer(Vec::with_capacity(4096));
        out.number(FORMAT);
        out.number(migrate::CURRENT_VERSION);
        for number in stamp.numbers() {
            out.number(number);
        }
        out.bytes(store_id);
        out.bytes(key_source.name().as_bytes());
        out.bytes(key_id);
        out.optional(used_profile.as_deref().map(str::as_bytes));
        out.number(i64::from(accounts.is_some()));
        for account in accounts.iter().flatten() {
            let Account {
                id,
                key: GitKey { protocol, host, path: _, username },
                profile,
                client_id,
                access_token,
                access_expires_at,
                obtained_at,
                geolocation,
                principal,
                has_identity,
                // Proven before the cache is left.
                links: _,
            } = account;
            out.number(id.0);
            out.bytes(protocol);
            out.bytes(host);
            out.optional(username.as_deref());
            out.bytes(profile.as_str().as_bytes());
            out.bytes(client_id.as_bytes());
            out.optional(access_token.as_ref().map(|cell| &*cell.0));
            out.optional(access_expires_at.map(i64::to_le_bytes).as_ref().map(|bytes| &bytes[..]));
            out.number(*obtained_at);
            out.bytes(geolocation.as_bytes());
            out.bytes(principal.as_bytes());
            out.number(i64::from(*has_identity));
        }
        out.0
    }

    /// Reads a cache of this program's own form and schema; anything else is none.
    fn parse(bytes: &[u8]) -> Result<Self, NotACache> {
        let mut from = Reader(bytes);
        if from.number()? != FORMAT || from.number()? != migrate::CURRENT_VERSION {
            return Err(NotACache);
        }
        let stamp = Stamp {
            identity: Identity { device: from.number()?, inode: from.number()? },
            length: from.number()?,
            changed_at: from.number()?,
            entry_changed_at: from.number()?,
            change_counter: from.number()?,
        };
        let meta = Meta {
            store_id: from.bytes()?.to_vec(),
            key_source: keys::KeySource::from_name(from.text()?).ok_or(NotACache)?,
            key_id: from.bytes()?.to_vec(),
            used_profile: from.optional()?.map(text).transpose()?.map(str::to_owned),
        };
        let has_accounts = from.number()? == 1;
        let mut accounts = Vec::new();
        while !from.0.is_empty() {
            accounts.push(from.account()?);
        }
        let accounts = has_accounts.then_some(accounts);
        Ok(Self { stamp, meta, accounts })
    }
}

/// The bytes are no cache of this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct NotACache;

/// Fields behind each other: numbers as 8 bytes, little-endian; bytes after their length.
struct Writer(Vec<u8>);

impl Writer {
    fn number(&mut self, number: i64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.number(i64::try_from(bytes.len()).unwrap_or(i64::MAX));
        self.0.extend_from_slice(bytes);
    }

    fn optional(&mut self, bytes: Option<&[u8]>) {
        self.0.push(u8::from(bytes.is_some()));
        self.bytes(bytes.unwrap_or_default());
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn number(&mut self) -> Result<i64, NotACache> {
        let (number, rest) = self.0.split_first_chunk().ok_or(NotACache)?;
        self.0 = rest;
        Ok(i64::from_le_bytes(*number))
    }

    fn bytes(&mut self) -> Result<&'a [u8], NotACache> {
        let length = usize::try_from(self.number()?).map_err(|_| NotACache)?;
        let (bytes, rest) = self.0.split_at_checked(length).ok_or(NotACache)?;
        self.0 = rest;
        Ok(bytes)
    }

    fn optional(&mut self) -> Result<Option<&'a [u8]>, NotACache> {
        let (&given, rest) = self.0.split_first().ok_or(NotACache)?;
        self.0 = rest;
        let bytes = self.bytes()?;
        Ok((given == 1).then_some(bytes))
    }

    fn text(&mut self) -> Result<&'a str, NotACache> {
        text(self.bytes()?)
    }

    fn account(&mut self) -> Result<Account, NotACache> {
        let expiry = |bytes: &[u8]| bytes.try_into().map(i64::from_le_bytes).map_err(|_| NotACache);
        Ok(Account {
            id: RecordId(self.number()?),
            key: GitKey {
                protocol: self.bytes()?.to_vec(),
                host: self.bytes()?.to_vec(),
                path: None,
                username: self.optional()?.map(<[u8]>::to_vec),
            },
            profile: self.text()?.parse::<ProfileName>().map_err(|_| NotACache)?,
            client_id: self.text()?.to_owned(),
            access_token: self.optional()?.map(|bytes| SealedCell(bytes.to_vec())),
            access_expires_at: self.optional()?.map(expiry).transpose()?,
            obtained_at: self.number()?,
            geolocation: self.text()?.to_owned(),
            principal: self.text()?.to_owned(),
            has_identity: self.number()? == 1,
            links: None,
        })
    }
}

fn text(bytes: &[u8]) -> Result<&str, NotACache> {
    std::str::from_utf8(bytes).map_err(|_| NotACache)
}

#[cfg(test)]
mod tests;
