//! Finds secrets, whole or in part, in any encoding.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::forms::readings;

/// The number of consecutive bytes of a secret that count as a leak; a shorter secret counts as a whole.
pub(crate) const PART_BYTES: usize = 12;

/// The kinds of planted secrets. docs/security.md states their number.
pub(crate) const KINDS: [&str; 24] = [
    "client secret",
    "company request token",
    "access, refresh and id tokens",
    "a user's password",
    "one-time password",
    "authorization code",
    "state of a browser login",
    "key in the key file",
    "key in the environment",
    "key in CONCUR_CRED_KEY_FILE",
    "key that a command prints",
    "proxy password",
    "client certificate's key",
    "unknown fields of an import",
    "password that git stored",
    "refresh token that git stored",
    "body given to api",
    "header given to api",
    "secret in a wrong place of config.toml",
    "secret in a malformed file",
    "secret in a malformed request",
    "secret as a stray word of the command line",
    "secret typed at a prompt",
    "message of a panic",
];

/// Secrets, each with its kind, ready to be looked for.
#[derive(Default)]
pub(crate) struct Secrets {
    all: Vec<(&'static str, Vec<u8>)>,
    /// Each part: whose it is, and where it begins in it.
    parts: HashMap<Vec<u8>, (usize, usize)>,
    /// One bit for each two letters that begin a part: of other text, hardly more than these two are read.
    begins: Vec<bool>,
    /// One bit for each value of the first letters' hash, so that hardly any other text is looked up.
    filter: Vec<bool>,
    short: Vec<usize>,
}

const FILTER_BITS: u32 = 20;

fn hash(part: &[u8]) -> usize {
    let number = u32::from_le_bytes([part[0], part[1], part[2], part[3]])
        ^ u32::from_le_bytes([part[4], part[5], part[6], part[7]]).rotate_left(13);
    (number.wrapping_mul(0x9E37_79B1) >> (32 - FILTER_BITS)) as usize
}

/// Removes most of the zeros of blank pages and reserve files, which take longest to search. The bytes on
/// both sides stay separate.
fn without_blanks(bytes: &[u8]) -> Vec<u8> {
    const BLANK: [u8; 64] = [0; 64];
    let mut rest = Vec::with_capacity(bytes.len());
    for block in bytes.chunks(BLANK.len()) {
        if block != BLANK || !rest.ends_with(&BLANK) {
            rest.extend_from_slice(block);
        }
    }
    rest
}

impl Secrets {
    /// Plants one more.
    pub(crate) fn add(&mut self, kind: &'static str, secret: impl AsRef<[u8]>) {
        let secret = secret.as_ref();
        assert!(secret.len() >= 8, "{kind}: long enough to be found by itself");
        if self.all.iter().any(|(_, known)| known == secret) {
            return;
        }
        self.filter.resize(1 << FILTER_BITS, false);
        self.begins.resize(1 << 16, false);
        if secret.len() < PART_BYTES {
            self.short.push(self.all.len());
        }
        // A host name and the like are shown in lower case, and so is a secret used as one.
        for secret in [secret, &secret.to_ascii_lowercase()] {
            for (at, part) in secret.windows(PART_BYTES).enumerate() {
                self.filter[hash(part)] = true;
                self.begins[usize::from(part[0]) << 8 | usize::from(part[1])] = true;
                self.parts.entry(part.to_vec()).or_insert((self.all.len(), at));
            }
        }
        self.all.push((kind, secret.to_vec()));
    }

    /// The kinds that were planted.
    pub(crate) fn kinds(&self) -> BTreeSet<&'static str> {
        self.all.iter().map(|(kind, _)| *kind).collect()
    }

    /// The secrets in `bytes`, with their encodings; also nested encodings, where the text is
    /// short enough to be a message.
    pub(crate) fn found_in(&self, bytes: &[u8]) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let bytes = &without_blanks(bytes);
        self.search(bytes, "", if bytes.len() < 64 * 1024 { 2 } else { 1 }, &mut found);
        found
    }

    fn search(&self, bytes: &[u8], form: &str, depth: usize, found: &mut BTreeSet<String>) {
        for kind in self.plain_in(bytes) {
            found.insert(if form.is_empty() {
                kind.to_owned()
            } else {
                format!("{kind} ({form})")
            });
        }
        if depth > 0 {
            for (name, read) in readings(bytes) {
                let form =
                    if form.is_empty() { name.to_owned() } else { format!("{name} in {form}") };
                self.search(&read, &form, depth - 1, found);
            }
        }
    }

    /// The kinds of secrets in `bytes` in plain form.
    pub(crate) fn plain_in(&self, bytes: &[u8]) -> BTreeSet<&'static str> {
        let mut found = BTreeSet::new();
        // Plain sums and steps: this is what the unoptimised search spends most of its time with.
        if !self.filter.is_empty() && bytes.len() >= PART_BYTES {
            let (mut at, last) = (0, bytes.len() - PART_BYTES);
            let mut two = usize::from(bytes[0]);
            while at <= last {
                two = (two << 8 | usize::from(bytes[at + 1])) & 0xffff;
                if self.begins[two] {
                    let part = &bytes[at..at + PART_BYTES];
                    if self.filter[hash(part)]
                        && let Some((secret, _)) = self.parts.get(part)
                    {
                        found.insert(self.all[*secret].0);
                    }
                }
                at += 1;
            }
        }
        for at in &self.short {
            let (kind, secret) = &self.all[*at];
            if bytes.windows(secret.len()).any(|window| window == secret) {
                found.insert(*kind);
            }
        }
        found
    }

    /// The longest run of each kind in `bytes` in plain form, and whether it is a whole secret.
    pub(crate) fn longest_in(&self, bytes: &[u8]) -> BTreeMap<&'static str, (usize, bool)> {
        let mut found = BTreeMap::new();
        let mut at = 0;
        while at + PART_BYTES <= bytes.len() {
            let part = &bytes[at..at + PART_BYTES];
            let known = if self.filter[hash(part)] { self.parts.get(part) } else { None };
            let Some((secret, begins)) = known else {
                at += 1;
                continue;
            };
            let (kind, secret) = &self.all[*secret];
            let pairs = secret[*begins..].iter().zip(&bytes[at..]);
            let length = pairs.take_while(|(one, other)| one.eq_ignore_ascii_case(other)).count();
            let longest = found.entry(*kind).or_insert((0, false));
            *longest = (*longest).max((length, length == secret.len()));
            at += length;
        }
        found
    }
}
