//! The issued tokens: refresh-token families and access tokens. Pure: it gets the time as an argument.

use std::collections::HashMap;

use crate::config::{Config, Rotation, random_uuid};
use crate::protocol::jwt::{self, Claims, Principal};

/// All refresh tokens that descend from one login, and their grant.
pub(crate) struct Family {
    pub(crate) client_id: String,
    pub(crate) principal: Principal,
    pub(crate) scope: String,
    current: String,
    /// Epoch seconds; slides with every refresh.
    expires_at: i64,
    revoked: bool,
}

/// One refresh-token value ever issued.
struct Value {
    family: FamilyId,
    /// Replaced under [`Rotation::NewRevokeFamily`]: to see it again means that it was stolen.
    spent: bool,
}

/// One access token ever issued.
struct Access {
    family: Option<FamilyId>,
    client_id: String,
    principal: Principal,
    scope: String,
    expires_at: i64,
    revoked: bool,
}

/// Names a family within its ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FamilyId(usize);

#[derive(Default)]
pub(crate) struct Ledger {
    families: Vec<Family>,
    values: HashMap<String, Value>,
    access: HashMap<String, Access>,
    families_revoked_by_reuse: u64,
    issued: Vec<String>,
}

impl Ledger {
    pub(crate) fn family(&self, id: FamilyId) -> &Family {
        &self.families[id.0]
    }

    pub(crate) fn family_of(&self, refresh_token: &str) -> Option<FamilyId> {
        self.values.get(refresh_token).map(|value| value.family)
    }

    /// Starts a family with its first refresh token.
    pub(crate) fn open_family(
        &mut self,
        client_id: &str,
        principal: &Principal,
        config: &Config,
        now: i64,
    ) -> FamilyId {
        let id = FamilyId(self.families.len());
        let current = self.new_refresh_token(config);
        self.values.insert(current.clone(), Value { family: id, spent: false });
        self.families.push(Family {
            client_id: client_id.to_owned(),
            principal: principal.clone(),
            scope: config.scope.clone(),
            current,
            expires_at: now.saturating_add(config.refresh_lifetime_seconds),
            revoked: false,
        });
        id
    }

    /// The family that `refresh_token` can refresh now; `None` if the token is unknown, expired or revoked. If it
    /// is spent, its family is revoked from now on.
    pub(crate) fn usable(&mut self, refresh_token: &str, now: i64) -> Option<FamilyId> {
        let value = self.values.get(refresh_token)?;
        let (id, spent) = (value.family, value.spent);
        if self.families[id.0].revoked {
            return None;
        }
        if spent {
            self.families_revoked_by_reuse += 1;
            self.revoke(|family| family == id);
            return None;
        }
        (now < self.families[id.0].expires_at).then_some(id)
    }

    /// Makes another company or user the principal of a family's tokens from now on.
    pub(crate) fn hand_over(&mut self, id: FamilyId, uuid: &str) {
        uuid.clone_into(&mut self.families[id.0].principal.uuid);
    }

    /// Slides the family's expiry and, by the rotation, replaces its token. `used` is the value that was
    /// presented.
    pub(crate) fn rotate(&mut self, id: FamilyId, used: &str, config: &Config, now: i64) {
        self.families[id.0].expires_at = now.saturating_add(config.refresh_lifetime_seconds);
        match config.rotation {
            Rotation::Same => used.clone_into(&mut self.families[id.0].current),
            Rotation::NewKeepOld => self.renew(id, config),
            Rotation::NewRevokeFamily => {
                for value in self.values.values_mut().filter(|value| value.family == id) {
                    value.spent = true;
                }
                self.renew(id, config);
            }
        }
    }

    fn new_refresh_token(&mut self, config: &Config) -> String {
        let new = random_uuid() + &config.refresh_token_tail;
        self.issued.push(new.clone());
        new
    }

    /// Records a token that is not stored otherwise.
    pub(crate) fn note(&mut self, token: &str) {
        self.issued.push(token.to_owned());
    }

    /// Every token ever issued, of every kind.
    pub(crate) fn issued(&self) -> &[String] {
        &self.issued
    }

    fn renew(&mut self, id: FamilyId, config: &Config) {
        let new = self.new_refresh_token(config);
        self.values.insert(new.clone(), Value { family: id, spent: false });
        self.families[id.0].current = new;
    }

    /// The family's last issued refresh token and its expiry in epoch seconds.
    pub(crate) fn current(&self, id: FamilyId) -> (&str, i64) {
        let family = &self.families[id.0];
        (&family.current, family.expires_at)
    }

    /// Signs and remembers an access token.
    pub(crate) fn issue_access(&mut self, claims: &Claims<'_>, family: Option<FamilyId>) -> String {
        let token = jwt::access_token(claims);
        let access = Access {
            family,
            client_id: claims.client_id.to_owned(),
            principal: claims.principal.clone(),
            scope: claims.scope.to_owned(),
            expires_at: claims.expires_at,
            revoked: false,
        };
        self.access.insert(token.clone(), access);
        self.note(&token);
        token
    }

    pub(crate) fn is_live_access(&self, token: &str, now: i64) -> bool {
        self.access.get(token).is_some_and(|access| !access.revoked && now < access.expires_at)
    }

    /// Whether this access token was granted this word of scope.
    pub(crate) fn may_access(&self, token: &str, word: &str) -> bool {
        let granted = self.access.get(token).map_or("", |access| &access.scope);
        granted.split_ascii_whitespace().any(|known| known == word)
    }

    pub(crate) fn was_issued_access(&self, token: &str) -> bool {
        self.access.contains_key(token)
    }

    pub(crate) fn is_current_refresh(&self, token: &str, now: i64) -> bool {
        self.family_of(token).is_some_and(|id| {
            let family = &self.families[id.0];
            !family.revoked && family.current == token && now < family.expires_at
        })
    }

    /// Expires every access token at `now`.
    pub(crate) fn expire_access(&mut self, now: i64) {
        for access in self.access.values_mut() {
            access.expires_at = access.expires_at.min(now);
        }
    }

    pub(crate) fn revoke_all_families(&mut self) {
        for family in &mut self.families {
            family.revoked = true;
        }
    }

    /// Revokes all tokens of the access token's application for its principal: `DELETE
    /// /app-mgmt/v0/connections`.
    pub(crate) fn disconnect(&mut self, access_token: &str) {
        let Some(access) = self.access.get(access_token) else { return };
        let (client_id, principal) = (access.client_id.clone(), access.principal.clone());
        for family in &mut self.families {
            family.revoked |= family.client_id == client_id && family.principal == principal;
        }
        for access in self.access.values_mut() {
            access.revoked |= access.client_id == client_id && access.principal == principal;
        }
    }

    fn revoke(&mut self, is_meant: impl Fn(FamilyId) -> bool) {
        for (at, family) in self.families.iter_mut().enumerate() {
            family.revoked |= is_meant(FamilyId(at));
        }
        for access in self.access.values_mut() {
            access.revoked |= access.family.is_some_and(&is_meant);
        }
    }

    pub(crate) fn families_revoked_by_reuse(&self) -> u64 {
        self.families_revoked_by_reuse
    }
}
