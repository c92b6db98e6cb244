use super::*;
use crate::store::keys::{KEY_ID_BYTES, KeySource};

fn cache() -> Cache {
    let account = |profile: &str, token: Option<&[u8]>, expires| Account {
        id: RecordId(7),
        key: GitKey {
            protocol: b"https".to_vec(),
            host: b"us2.api.concursolutions.com".to_vec(),
            path: None,
            username: token.map(|_| b"\xff\x00".to_vec()),
        },
        profile: profile.parse().unwrap(),
        client_id: "client".to_owned(),
        access_token: token.map(|bytes| SealedCell(bytes.to_vec())),
        access_expires_at: expires,
        obtained_at: -1,
        geolocation: "https://us2.api.concursolutions.com".to_owned(),
        principal: String::new(),
        has_identity: token.is_some(),
        links: None,
    };
    Cache {
        stamp: Stamp {
            identity: Identity { device: 1, inode: -2 },
            length: 3,
            changed_at: i64::MAX,
            entry_changed_at: i64::MIN,
            change_counter: 5,
        },
        meta: Meta {
            store_id: vec![1; 16],
            key_source: KeySource::File,
            key_id: vec![2; KEY_ID_BYTES],
            used_profile: Some("a".to_owned()),
        },
        accounts: Some(vec![account("a", Some(b"cell"), Some(i64::MIN)), account("b", None, None)]),
    }
}

#[test]
fn a_cache_reads_back() {
    let cache = cache();
    assert_eq!(Cache::parse(&cache.render()), Ok(cache.clone()));
    let of_many = Cache { accounts: None, ..cache };
    assert_eq!(Cache::parse(&of_many.render()), Ok(of_many));
}

#[test]
fn a_cut_or_lengthened_cache_is_none_or_holds_whole_accounts() {
    let whole = cache();
    let bytes = whole.render();
    for length in 0..bytes.len() {
        if let Ok(cut) = Cache::parse(&bytes[..length]) {
            let count = |cache: &Cache| cache.accounts.as_ref().unwrap().len();
            assert!(count(&cut) < count(&whole));
        }
    }
    assert_eq!(Cache::parse(&[&bytes[..], b"x"].concat()), Err(NotACache));
}

#[test]
fn no_bytes_make_it_panic() {
    let bytes = cache().render();
    for at in 0..bytes.len() {
        for value in [0, 1, 0x7f, 0x80, 0xff] {
            let mut changed = bytes.clone();
            changed[at] = value;
            let _any = Cache::parse(&changed);
        }
    }
}
