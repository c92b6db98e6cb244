//! Sealing: turns a secret into a cell that opens only in its own place.
//!
//! A cell is `format version (1 byte) | key id (8) | nonce (24) | ciphertext and tag`, by XChaCha20-Poly1305
//! with a random nonce (24 bytes: random ones never repeat in practice). The associated data names the place,
//! each field after its length, so that a cell does not open after it was moved or its host or URL was edited.
//! docs/security.md documents the format for other programs, and docs/sealed-cells.json has test vectors: both
//! are stable.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key as AeadKey, XChaCha20Poly1305, XNonce};

use super::{KEY_ID_BYTES, Key};
use crate::model::grant::GrantKind;
use crate::model::record::{Application, Binding, Column, GitKey, Links, RecordId, SealedCell};
use crate::model::secret::Secret;
use crate::store::error::{Error, Result};

/// A cell that opens by itself. Managed accounts' cells had this format before there were identities.
const BY_ITSELF: u8 = 1;
/// A managed account's cell, which opens only with its record's identity.
const WITH_IDENTITY: u8 = 2;
const NONCE_BYTES: usize = 24;
const HEADER_BYTES: usize = 1 + KEY_ID_BYTES;
/// Length of an empty cell, which only authenticates its place.
pub(crate) const EMPTY_CELL_BYTES: usize = HEADER_BYTES + NONCE_BYTES + 16;

/// A cell did not open: another key, another place, or damage. Which one cannot be known from the
/// cell alone, by design.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DoesNotOpen;

/// The place that a cell is bound to, as associated data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    format: u8,
    data: Vec<u8>,
}

impl Place {
    fn of(fields: &[&[u8]]) -> Self {
        Self { format: BY_ITSELF, data: joined(&[], fields) }
    }

    /// The same in the later format, whose number comes first: a cell whose first byte was set back does not
    /// open.
    fn with_identity(fields: &[&[u8]]) -> Self {
        Self { format: WITH_IDENTITY, data: joined(&[&[WITH_IDENTITY]], fields) }
    }

    /// The place of a record's cell.
    pub(crate) fn of_cell(store_id: &[u8], binding: Binding<'_>, column: Column) -> Self {
        let Binding { id, client_id, key, geolocation, has_identity } = binding;
        let GitKey { protocol, host, path, username } = key;
        let of = if has_identity { Self::with_identity } else { Self::of };
        of(&[
            b"record",
            store_id,
            &id.0.to_le_bytes(),
            column.name().as_bytes(),
            client_id.as_bytes(),
            protocol,
            host,
            &[u8::from(path.is_some())],
            path.as_deref().unwrap_or_default(),
            &[u8::from(username.is_some())],
            username.as_deref().unwrap_or_default(),
            geolocation.as_bytes(),
        ])
    }

    /// The place of a record's identity.
    pub(crate) fn of_identity(store_id: &[u8], links: Links<'_>) -> Self {
        let Links { id, profile, application, origin, client_id, principal, obtained_by } = links;
        Self::with_identity(&[
            b"identity",
            store_id,
            &id.0.to_le_bytes(),
            profile.as_bytes(),
            &application.0.to_le_bytes(),
            origin.as_bytes(),
            client_id.as_bytes(),
            principal.as_bytes(),
            &[u8::from(obtained_by.is_some())],
            obtained_by.map(GrantKind::name).unwrap_or_default().as_bytes(),
        ])
    }

    /// The place of an application's client secret.
    pub(crate) fn of_client_secret(store_id: &[u8], application: &Application) -> Self {
        let Application { id, name, client_id, client_secret: _, origin } = application;
        Self::with_identity(&[
            b"application",
            store_id,
            &id.0.to_le_bytes(),
            name.as_bytes(),
            client_id.as_bytes(),
            origin.as_bytes(),
        ])
    }

    /// The place of a client secret that was sealed before there were identities.
    pub(crate) fn of_older_client_secret(store_id: &[u8], application: &Application) -> Self {
        Self::of(&[
            b"application",
            store_id,
            &application.id.0.to_le_bytes(),
            application.client_id.as_bytes(),
            application.origin.as_bytes(),
        ])
    }

    /// The place of a stored client secret: its first byte says which of the two.
    pub(crate) fn of_stored_client_secret(store_id: &[u8], application: &Application) -> Self {
        if is_older(&application.client_secret) {
            Self::of_older_client_secret(store_id, application)
        } else {
            Self::of_client_secret(store_id, application)
        }
    }

    /// The place of a cache's tag: the cache itself.
    pub(crate) fn of_cache(body: &[u8]) -> Self {
        Self::of(&[b"ticket", body])
    }

    /// The place of a pending grant.
    pub(crate) fn of_pending_grant(store_id: &[u8], id: RecordId, generation: i64) -> Self {
        Self::of(&[b"spill", store_id, &id.0.to_le_bytes(), &generation.to_le_bytes()])
    }
}

/// Consecutive fields, each after its length.
fn joined(before: &[&[u8]], fields: &[&[u8]]) -> Vec<u8> {
    let all = || before.iter().chain(fields);
    let mut bytes = Vec::with_capacity(all().map(|field| field.len() + 8).sum());
    for field in all() {
        bytes.extend_from_slice(&(field.len() as u64).to_le_bytes());
        bytes.extend_from_slice(field);
    }
    bytes
}

/// Whether a cell has the format that opens by itself.
pub(crate) fn is_older(cell: &SealedCell) -> bool {
    cell.0.first() == Some(&BY_ITSELF)
}

/// Seals a secret for its place.
pub(crate) fn seal(key: &Key, place: &Place, secret: &Secret) -> Result<SealedCell> {
    let mut nonce = [0u8; NONCE_BYTES];
    crate::sys::random::fill(&mut nonce)?;
    let payload = Payload { msg: secret.expose(), aad: &place.data };
    let sealed =
        cipher(key).encrypt(&XNonce::from(nonce), payload).map_err(|_| Error::NotSealed)?;
    let mut cell = Vec::with_capacity(HEADER_BYTES + NONCE_BYTES + sealed.len());
    cell.push(place.format);
    cell.extend_from_slice(&key.id());
    cell.extend_from_slice(&nonce);
    cell.extend_from_slice(&sealed);
    Ok(SealedCell(cell))
}

/// Opens a cell in its place.
pub(crate) fn unseal(key: &Key, place: &Place, cell: &SealedCell) -> Result<Secret, DoesNotOpen> {
    let (&version, rest) = cell.0.split_first().ok_or(DoesNotOpen)?;
    let (_key_id, rest) = rest.split_at_checked(KEY_ID_BYTES).ok_or(DoesNotOpen)?;
    let (nonce, sealed) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(DoesNotOpen)?;
    if version != place.format {
        return Err(DoesNotOpen);
    }
    let payload = Payload { msg: sealed, aad: &place.data };
    let opened = cipher(key).decrypt(&XNonce::from(*nonce), payload);
    if opened.as_ref().is_ok_and(|text| !text.is_empty()) {
        overwrite_the_stack();
    }
    opened.map(Secret::new).map_err(|_| DoesNotOpen)
}

/// Overwrites what the cipher leaves on the stack: of a text whose length is not a multiple of 256 bytes, the
/// last ones, up to three blocks of 64.
#[inline(never)]
fn overwrite_the_stack() {
    // A pattern, which is written with vector instructions: zeros would become a memset, which is slower here.
    let mut left = [0x0f0e_0d0c_0b0a_0908_u64; STACK_BYTES / size_of::<u64>()];
    std::hint::black_box(&mut left);
}

/// The key id in a cell: unauthenticated, only a hint.
pub(crate) fn key_id(cell: &SealedCell) -> Option<&[u8; KEY_ID_BYTES]> {
    cell.0.get(1..HEADER_BYTES)?.first_chunk()
}

/// How much stack the cipher uses, bytes.
const STACK_BYTES: usize = if cfg!(debug_assertions) { 16 * 1024 } else { 4 * 1024 };

fn cipher(key: &Key) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&AeadKey::from(*key.expose()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn place(fields: &[&[u8]]) -> Place {
        Place::of(fields)
    }

    #[test]
    fn opens_in_its_own_place_and_nowhere_else() {
        let key = Key::from_bytes([7; 32]);
        let here = place(&[b"ab", b"c"]);
        let cell = seal(&key, &here, &Secret::from("token")).unwrap();
        assert_eq!(unseal(&key, &here, &cell).unwrap().expose(), b"token");
        assert_eq!(unseal(&key, &place(&[b"a", b"bc"]), &cell), Err(DoesNotOpen));
        assert_eq!(unseal(&Key::from_bytes([8; 32]), &here, &cell), Err(DoesNotOpen));
    }

    #[test]
    fn no_damaged_cell_opens_or_panics() {
        let key = Key::from_bytes([7; 32]);
        let here = place(&[b"x"]);
        let cell = seal(&key, &here, &Secret::from("token")).unwrap();
        for length in 0..cell.0.len() {
            let cut = SealedCell(cell.0[..length].to_vec());
            assert_eq!(unseal(&key, &here, &cut), Err(DoesNotOpen), "cut to {length}");
        }
        let header = 1..=KEY_ID_BYTES;
        for at in (0..cell.0.len()).filter(|at| !header.contains(at)) {
            let mut flipped = cell.clone();
            flipped.0[at] ^= 1;
            assert_eq!(unseal(&key, &here, &flipped), Err(DoesNotOpen), "flipped byte {at}");
        }
    }

    #[test]
    fn one_secret_sealed_twice_looks_different() {
        let key = Key::from_bytes([7; 32]);
        let here = place(&[b"x"]);
        let secret = Secret::from("token");
        assert_ne!(seal(&key, &here, &secret).unwrap(), seal(&key, &here, &secret).unwrap());
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_here_alone(
            secret in proptest::collection::vec(any::<u8>(), 0..200),
            fields in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..8), 1..4),
            others in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..8), 1..4),
        ) {
            let at = |fields: &[Vec<u8>]| Place::of(&fields.iter().map(|f| &f[..]).collect::<Vec<_>>());
            let key = Key::from_bytes([7; 32]);
            let cell = seal(&key, &at(&fields), &Secret::new(&secret[..])).unwrap();
            let opened = unseal(&key, &at(&fields), &cell).unwrap();
            prop_assert_eq!(opened.expose(), &secret[..]);
            prop_assert_eq!(unseal(&key, &at(&others), &cell).is_ok(), fields == others);
        }

        #[test]
        fn no_bytes_of_others_open(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let opened = unseal(&Key::from_bytes([7; 32]), &place(&[b"x"]), &SealedCell(bytes));
            prop_assert_eq!(opened, Err(DoesNotOpen));
        }
    }
}

#[cfg(test)]
mod vectors;
