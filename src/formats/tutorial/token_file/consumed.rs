//! Pure: the refresh tokens that a profile has consumed, as digests beside the unknown fields of its file. Concur has
//! replaced them, and may revoke the newest one where an older one is sent again.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::UnknownFields;
use crate::model::secret::Secret;

/// The field of the sealed cell. Part of the stored format: never change it. It is not exported.
pub(super) const FIELD: &str = "concur-cred:consumed";
/// How many of the first ones are kept: a profile was made with them, so that deployments may still name them.
const FIRST: usize = 8;
/// How many are kept.
const KEPT: usize = 32;

/// Whether the token is among those of this cell.
pub(crate) fn is_consumed(cell: &Secret, token: &Secret) -> bool {
    digests(Some(cell)).contains(&digest(token))
}

/// The unknown fields of a profile, with the consumed tokens of the cell that it has, and this one.
pub(crate) fn remembered(
    fields: Option<&Secret>,
    cell: Option<&Secret>,
    token: Option<&Secret>,
) -> Option<Secret> {
    let mut digests = digests(cell);
    let further = token.map(digest).filter(|further| !digests.contains(further));
    digests.extend(further);
    if digests.len() > KEPT {
        digests.drain(FIRST..FIRST + digests.len() - KEPT);
    }
    let mut fields = fields.and_then(UnknownFields::from_secret_json).unwrap_or_default();
    if !digests.is_empty() {
        fields.0.insert(FIELD.to_owned(), digests.into());
    }
    fields.to_secret_json()
}

/// The cell, with this token.
pub(crate) fn remembered_in(cell: Option<&Secret>, token: &Secret) -> Option<Secret> {
    remembered(cell, cell, Some(token))
}

fn digests(cell: Option<&Secret>) -> Vec<String> {
    let fields = cell.and_then(UnknownFields::of_cell).unwrap_or_default();
    let list = fields.0.get(FIELD).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn digest(token: &Secret) -> String {
    let digest = Sha256::new().chain_update(b"concur-cred consumed\0").chain_update(token.expose());
    URL_SAFE_NO_PAD.encode(digest.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_and_the_newest_tokens_are_remembered_and_none_is_exported() {
        let token = |at: usize| Secret::from(format!("r-{at}"));
        let fields = Secret::from(r#"{"vendor":"x"}"#);
        assert_eq!(remembered(None, None, None), None);
        let mut cell = remembered(Some(&fields), None, Some(&token(0))).unwrap();
        for at in 1..100 {
            cell = remembered(Some(&cell), Some(&cell), Some(&token(at))).unwrap();
        }
        for (at, is) in [(0, true), (7, true), (8, false), (75, false), (76, true), (99, true)] {
            assert_eq!(is_consumed(&cell, &token(at)), is, "{at}");
        }
        let exported = UnknownFields::from_secret_json(&cell).unwrap();
        assert_eq!(exported.to_secret_json(), Some(fields));
        let text = cell.expose_utf8().unwrap();
        assert!(!text.contains("r-0") && text.contains("vendor"), "{text}");
    }
}
