use super::*;
use crate::store::keys::KEY_ID_BYTES;

fn cache() -> (Stamp, Hit) {
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
    let stamp = Stamp {
        file: FileId { device: 1, inode: -2 },
        length: 3,
        changed_at: i64::MAX,
        entry_changed_at: i64::MIN,
        change_counter: 5,
    };
    let meta = Meta {
        store_id: vec![1; 16],
        key_source: KeySource::File,
        key_id: vec![2; KEY_ID_BYTES],
        used_profile: Some("a".to_owned()),
    };
    let accounts =
        Some(vec![account("a", Some(b"cell"), Some(i64::MIN)), account("b", None, None)]);
    (stamp, Hit { meta, accounts })
}

#[test]
fn a_cache_reads_back() {
    let (stamp, hit) = cache();
    assert_eq!(parse(&render(stamp, &hit)), Ok((stamp, hit.clone())));
    let of_many = Hit { accounts: None, ..hit };
    assert_eq!(parse(&render(stamp, &of_many)), Ok((stamp, of_many)));
}

#[test]
fn a_cut_or_lengthened_cache_is_none_or_holds_whole_accounts() {
    let (stamp, whole) = cache();
    let bytes = render(stamp, &whole);
    for length in 0..bytes.len() {
        if let Ok((_, cut)) = parse(&bytes[..length]) {
            let count = |hit: &Hit| hit.accounts.as_ref().unwrap().len();
            assert!(count(&cut) < count(&whole));
        }
    }
    assert_eq!(parse(&[&bytes[..], b"x"].concat()), Err(NotACache));
}

#[test]
fn no_bytes_make_it_panic() {
    let (stamp, hit) = cache();
    let bytes = render(stamp, &hit);
    for at in 0..bytes.len() {
        for value in [0, 1, 0x7f, 0x80, 0xff] {
            let mut changed = bytes.clone();
            changed[at] = value;
            let _any = parse(&changed);
        }
    }
}
