//! What a hit needs of the store. It is loaded from the cache ([`super::cache`]) or from the database
//! (`sqlite/rows.rs`); only this module decides which accounts match.

use super::Meta;
use crate::model::record::Account;

/// Which accounts a caller wants.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wanted<'a> {
    /// The one of this name; without a name the default profile, else all accounts, at most two: so that one
    /// means "the only one".
    Profile(Option<&'a str>),
    /// Those of one of two hosts.
    Host {
        /// `https`, or what a caller requests.
        protocol: &'a [u8],
        /// In its canonical form.
        host: &'a [u8],
        /// The host whose `www-` twin it is; otherwise the same host.
        twin_of: &'a [u8],
    },
    /// All of them, up to this many.
    AtMost(usize),
}

impl Wanted<'_> {
    fn includes(self, account: &Account, used_profile: Option<&str>) -> bool {
        match self {
            Self::Profile(name) => {
                name.or(used_profile).is_none_or(|name| account.profile.as_str() == name)
            }
            Self::Host { protocol, host, twin_of } => {
                let key = &account.key;
                key.protocol == protocol && (key.host == host || key.host == twin_of)
            }
            Self::AtMost(_) => true,
        }
    }

    fn at_most(self) -> usize {
        match self {
            Self::Profile(_) => 2,
            Self::Host { .. } => usize::MAX,
            Self::AtMost(number) => number,
        }
    }
}

/// The store as a hit needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hit {
    /// The store's metadata.
    pub(super) meta: Meta,
    /// The managed accounts by name, or at least the wanted ones; `None` if there are too many for the cache.
    pub(super) accounts: Option<Vec<Account>>,
}

impl Hit {
    /// The wanted accounts; `None` if the database must be queried.
    pub(super) fn find(&self, wanted: Wanted<'_>) -> Option<Vec<Account>> {
        let used_profile = self.meta.used_profile.as_deref();
        let accounts = self.accounts.as_ref()?.iter();
        let found = accounts.filter(|account| wanted.includes(account, used_profile));
        Some(found.take(wanted.at_most()).cloned().collect())
    }

    /// [`Self::find`] without a copy, for a hit that is not used again.
    pub(super) fn into_found(self, wanted: Wanted<'_>) -> Option<Vec<Account>> {
        let used_profile = self.meta.used_profile.as_deref();
        let mut accounts = self.accounts?;
        accounts.retain(|account| wanted.includes(account, used_profile));
        accounts.truncate(wanted.at_most());
        Some(accounts)
    }
}
