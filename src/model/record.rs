//! A stored credential: its unsealed fields and its sealed cells.

mod attempt;

use std::fmt;

pub use attempt::Attempt;
pub(crate) use attempt::OutcomeKind;

use super::grant::GrantKind;
use super::origin::{BadOrigin, Origin};
use super::principal::PrincipalType;
use super::profile::ProfileName;

/// The random identity of a record: a positive 63-bit number, written in hex in file names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordId(pub i64);

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// The random identity of an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ApplicationId(pub i64);

/// The key by which git looks up a credential. Bytes, because git's protocol does not require UTF-8; `None` is
/// not the same as empty (gitcredentials(7)).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GitKey {
    /// `https`, or what a caller stored.
    pub protocol: Vec<u8>,
    /// Lower-cased, port included.
    pub host: Vec<u8>,
    /// The path, if the credential was stored with one.
    pub path: Option<Vec<u8>>,
    /// The user name; a managed account's is its company or user UUID.
    pub username: Option<Vec<u8>>,
}

/// An encrypted column value, opaque outside the store.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedCell(pub Vec<u8>);

impl fmt::Debug for SealedCell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealedCell({} bytes)", self.0.len())
    }
}

/// A sealed column of a record: part of the place that a cell is bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// Access token of a managed account, password or credential of another host.
    AccessToken,
    /// `refresh_token`, or git's `oauth_refresh_token`.
    RefreshToken,
    /// `id_token`.
    IdToken,
    /// The company request token, while it is under 24 hours old.
    RequestToken,
    /// Fields of an imported file that this program does not know, kept for export; and digests of the refresh
    /// tokens that the profile has consumed.
    UnknownFields,
}

impl Column {
    /// The name that is authenticated with the cell. Part of the stored format: never change it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AccessToken => "access_token",
            Self::RefreshToken => "refresh_token",
            Self::IdToken => "id_token",
            Self::RequestToken => "request_token",
            Self::UnknownFields => "unknown_fields",
        }
    }
}

/// The application (OAuth client) a record's tokens were granted to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// Random identity.
    pub id: ApplicationId,
    /// Its name for `store --application`.
    pub name: String,
    /// The OAuth `client_id` (SAP calls it App ID).
    pub client_id: String,
    /// The OAuth `client_secret`, sealed.
    pub client_secret: SealedCell,
    /// The origin that the operator named for obtaining tokens, canonical.
    pub origin: String,
}

/// One record: a managed account (with a profile and an application), or a stored credential.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Record {
    /// Random identity; names its lock and reserve files.
    pub id: RecordId,
    /// Its key for git.
    pub key: GitKey,
    /// The profile; `None` for a stored credential.
    pub profile: Option<ProfileName>,
    /// The application; `None` for a stored credential.
    pub application: Option<Application>,
    /// git's `authtype` of a credential stored as `credential`.
    pub authtype: Option<Vec<u8>>,
    /// Access token or password, sealed.
    pub access_token: Option<SealedCell>,
    /// Epoch seconds; `None` for a stored credential means that it never expires, for a managed account
    /// that its expiry could not be learnt (so it counts as expired).
    pub access_expires_at: Option<i64>,
    /// Refresh token, sealed.
    pub refresh_token: Option<SealedCell>,
    /// Epoch seconds.
    pub refresh_expires_at: Option<i64>,
    /// Whether the expiry is our assumption (six months from receipt) because Concur did not state it.
    pub refresh_expiry_assumed: bool,
    /// The granted scope, space separated.
    pub scope: Option<String>,
    /// The token's base URL: a canonical origin.
    pub geolocation: String,
    /// Company or user UUID.
    pub principal: String,
    /// By which grant the tokens were obtained; `None` when that is not known, and for a stored credential.
    pub obtained_by: Option<GrantKind>,
    /// The principal's type by its tokens; `None` if they do not name it.
    pub principal_type: Option<PrincipalType>,
    /// `id_token`, sealed.
    pub id_token: Option<SealedCell>,
    /// Company request token, sealed.
    pub request_token: Option<SealedCell>,
    /// Epoch seconds: 24 hours after it was given to us.
    pub request_token_expires_at: Option<i64>,
    /// Unknown fields of an imported file, and digests of the refresh tokens that were consumed, sealed.
    pub unknown_fields: Option<SealedCell>,
    /// Authenticates its [`Links`]: an empty sealed cell. `None` for a stored credential, and for a record of
    /// an older version.
    pub identity: Option<SealedCell>,
    /// Epoch seconds when the record was made.
    pub created_at: i64,
    /// Epoch seconds when the access token was obtained.
    pub obtained_at: i64,
    /// Epoch seconds of the last successful refresh or login.
    pub refreshed_at: Option<i64>,
    /// Epoch seconds of the last change.
    pub updated_at: i64,
    /// Counts changes of the tokens.
    pub generation: i64,
    /// The last attempt to renew.
    pub attempt: Attempt,
}

/// The values that a record's cells are bound to: if one is edited, the cells do not open.
#[derive(Debug, Clone, Copy)]
pub struct Binding<'a> {
    /// The record.
    pub id: RecordId,
    /// The OAuth client id, empty for a stored credential.
    pub client_id: &'a str,
    /// Its key for git.
    pub key: &'a GitKey,
    /// The base URL.
    pub geolocation: &'a str,
    /// Whether the record has an identity: then its cells open only with that.
    pub has_identity: bool,
}

/// The other values that decide where a record's secrets are sent and who owns them. The record's identity
/// authenticates them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Links<'a> {
    /// The record.
    pub id: RecordId,
    /// The profile.
    pub profile: &'a str,
    /// The application whose client secret is sent.
    pub application: ApplicationId,
    /// The origin that it is sent to.
    pub origin: &'a str,
    /// The OAuth client id.
    pub client_id: &'a str,
    /// Company or user UUID.
    pub principal: &'a str,
    /// By which grant the tokens were obtained.
    pub obtained_by: Option<GrantKind>,
}

/// The values with which an account from the database proves its [`Links`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AccountLinks {
    /// Its application, and its origin; `None` only in an edited row.
    pub application: Option<(ApplicationId, String)>,
    /// By which grant the tokens were obtained.
    pub obtained_by: Option<GrantKind>,
    /// See [`Record::identity`].
    pub identity: Option<SealedCell>,
}

/// When an access token was obtained and when it expires, epoch seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccessTimes {
    /// `None` when there is no token, or its expiry is not known.
    pub expires_at: Option<i64>,
    /// When it was obtained.
    pub obtained_at: i64,
}

/// The part of a managed account that a hit needs: names and access token. [`Record`] has all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    /// The record's identity.
    pub id: RecordId,
    /// Its key for git; a managed account has no path.
    pub key: GitKey,
    /// The profile.
    pub profile: ProfileName,
    /// The OAuth client id.
    pub client_id: String,
    /// Access token, sealed.
    pub access_token: Option<SealedCell>,
    /// Epoch seconds; see [`Record::access_expires_at`].
    pub access_expires_at: Option<i64>,
    /// Epoch seconds when the access token was obtained.
    pub obtained_at: i64,
    /// The token's base URL: a canonical origin.
    pub geolocation: String,
    /// Company or user UUID.
    pub principal: String,
    /// Whether its record has an identity.
    pub has_identity: bool,
    /// The links to prove; `None` in an account of the cache, whose tag authenticates it.
    pub links: Option<AccountLinks>,
}

impl Account {
    /// The values that its cells are bound to.
    pub(crate) fn binding(&self) -> Binding<'_> {
        let Self { id, client_id, key, geolocation, has_identity, .. } = self;
        Binding { id: *id, client_id, key, geolocation, has_identity: *has_identity }
    }

    /// The lifetime of its access token.
    pub(crate) fn access_times(&self) -> AccessTimes {
        AccessTimes {
            expires_at: self.access_token.as_ref().and(self.access_expires_at),
            obtained_at: self.obtained_at,
        }
    }
}

impl Application {
    /// The origin that the operator named for obtaining tokens.
    ///
    /// # Errors
    /// Only an edited row has an invalid one.
    pub(crate) fn registered_at(&self) -> Result<Origin, BadOrigin> {
        Origin::from_operator(&self.origin)
    }
}

impl Record {
    /// The base URL.
    ///
    /// # Errors
    /// Only an edited row of a managed account has an invalid one; a stored credential has none.
    pub(crate) fn base_url(&self) -> Result<Origin, BadOrigin> {
        Origin::from_operator(&self.geolocation)
    }

    /// The values that its cells are bound to.
    pub fn binding(&self) -> Binding<'_> {
        let Self { id, key, geolocation, identity, .. } = self;
        let has_identity = identity.is_some();
        Binding { id: *id, client_id: self.client_id(), key, geolocation, has_identity }
    }

    /// The links that its identity authenticates; `None` for a stored credential, and for a row without its
    /// application.
    pub fn links(&self) -> Option<Links<'_>> {
        let Application { id: application, client_id, origin, .. } = self.application.as_ref()?;
        Some(Links {
            id: self.id,
            profile: self.profile_name()?,
            application: *application,
            origin,
            client_id,
            principal: &self.principal,
            obtained_by: self.obtained_by,
        })
    }

    /// The lifetime of its access token.
    pub fn access_times(&self) -> AccessTimes {
        AccessTimes {
            expires_at: self.access_token.as_ref().and(self.access_expires_at),
            obtained_at: self.obtained_at,
        }
    }

    /// The sealed cell of a column.
    pub fn cell(&self, column: Column) -> Option<&SealedCell> {
        match column {
            Column::AccessToken => self.access_token.as_ref(),
            Column::RefreshToken => self.refresh_token.as_ref(),
            Column::IdToken => self.id_token.as_ref(),
            Column::RequestToken => self.request_token.as_ref(),
            Column::UnknownFields => self.unknown_fields.as_ref(),
        }
    }

    /// The place of a column's sealed cell.
    pub(crate) fn cell_mut(&mut self, column: Column) -> &mut Option<SealedCell> {
        match column {
            Column::AccessToken => &mut self.access_token,
            Column::RefreshToken => &mut self.refresh_token,
            Column::IdToken => &mut self.id_token,
            Column::RequestToken => &mut self.request_token,
            Column::UnknownFields => &mut self.unknown_fields,
        }
    }

    /// The OAuth client id, empty for a stored credential.
    pub fn client_id(&self) -> &str {
        self.application.as_ref().map_or("", |application| &application.client_id)
    }

    /// The profile's name as text.
    pub fn profile_name(&self) -> Option<&str> {
        self.profile.as_ref().map(ProfileName::as_str)
    }

    /// Whether it can be renewed: with a refresh token, an application login, or a company request token that
    /// may still be valid.
    pub fn can_renew(&self, now: i64) -> bool {
        self.refresh_token.is_some() || self.renews_by_itself() || self.has_live_request_token(now)
    }

    /// Whether its principal is a company, a user or an application: by the tokens, else by the grant. `None`:
    /// unknown.
    pub fn principal_type(&self) -> Option<PrincipalType> {
        self.principal_type.or_else(|| self.obtained_by?.principal_type())
    }

    /// The word for its principal; a company if it is unknown.
    pub fn principal_noun(&self) -> &'static str {
        self.principal_type().unwrap_or(PrincipalType::Company).noun()
    }

    /// The grant for logging in again. Only a company has a request token, and who had a refresh token gets a new one
    /// from its source, and may have no rights to make a request token.
    pub fn login_by(&self) -> Option<GrantKind> {
        use GrantKind::{Application, Company, Import, Refresh};
        match (self.obtained_by, self.principal_type()) {
            (None | Some(Company | Import | Refresh), Some(PrincipalType::User)) => Some(Refresh),
            (None | Some(Company | Import | Refresh), Some(PrincipalType::Application)) => {
                Some(Application)
            }
            (by, _) => by,
        }
    }

    /// Whether the principal is unknown: then the client id is stored instead.
    pub fn has_unknown_principal(&self) -> bool {
        !self.renews_by_itself() && self.principal == self.client_id()
    }

    /// Whether App ID and secret are enough to obtain new tokens.
    pub fn renews_by_itself(&self) -> bool {
        self.obtained_by == Some(GrantKind::Application)
    }

    /// Whether a company request token is stored that may still be valid.
    pub fn has_live_request_token(&self, now: i64) -> bool {
        self.request_token.is_some() && self.request_token_expires_at.is_some_and(|at| at > now)
    }
}
