//! The format of the cache file, which only the version that wrote it reads.

use crate::model::profile::ProfileName;
use crate::model::record::{Account, GitKey, RecordId, SealedCell};
use crate::store::Meta;
use crate::store::hit::Hit;
use crate::store::keys::KeySource;
use crate::store::sqlite::schema;
use crate::store::stamp::{FileId, Stamp};

/// The format version; the schema version must match, too.
const FORMAT: i64 = 2;

/// The content of the cache, after its tag.
pub(super) fn render(stamp: Stamp, hit: &Hit) -> Vec<u8> {
    let Hit { meta, accounts } = hit;
    let Stamp {
        file: FileId { device, inode },
        length,
        changed_at,
        entry_changed_at,
        change_counter,
    } = stamp;
    let Meta { store_id, key_source, key_id, used_profile } = meta;
    let mut out = Writer(Vec::with_capacity(4096));
    out.number(FORMAT);
    out.number(schema::CURRENT_VERSION);
    for number in [device, inode, length, changed_at, entry_changed_at, change_counter] {
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
            // Proven before the cache is written.
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

/// Parses a cache of this format and schema version, and the stamp of its database.
pub(super) fn parse(bytes: &[u8]) -> Result<(Stamp, Hit), NotACache> {
    let mut from = Reader(bytes);
    if from.number()? != FORMAT || from.number()? != schema::CURRENT_VERSION {
        return Err(NotACache);
    }
    let stamp = Stamp {
        file: FileId { device: from.number()?, inode: from.number()? },
        length: from.number()?,
        changed_at: from.number()?,
        entry_changed_at: from.number()?,
        change_counter: from.number()?,
    };
    let meta = Meta {
        store_id: from.bytes()?.to_vec(),
        key_source: KeySource::from_name(from.text()?).ok_or(NotACache)?,
        key_id: from.bytes()?.to_vec(),
        used_profile: from.optional()?.map(text).transpose()?.map(str::to_owned),
    };
    let has_accounts = from.number()? == 1;
    let mut accounts = Vec::new();
    while !from.0.is_empty() {
        accounts.push(from.account()?);
    }
    let accounts = has_accounts.then_some(accounts);
    Ok((stamp, Hit { meta, accounts }))
}

/// The bytes are not a cache of this version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotACache;

/// Consecutive fields: numbers as 8 bytes, little-endian; bytes after their length.
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
