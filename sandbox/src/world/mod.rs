//! The service's data: applications, companies, and the tokens issued to them. Pure: it gets the time as an
//! argument.

pub(crate) mod ledger;
pub(crate) mod otps;

use std::collections::HashMap;

use crate::config::{App, Config, random_uuid};

use self::ledger::Ledger;
use self::otps::Otps;

pub(crate) struct Client {
    pub(crate) id: String,
    /// The active secrets: an application may have several.
    secrets: Vec<String>,
    pub(crate) disabled: bool,
}

impl Client {
    pub(crate) fn has_secret(&self, secret: &str) -> bool {
        self.secrets.iter().any(|active| active == secret)
    }
}

/// A company request token: what an administrator makes from an app id.
pub(crate) struct RequestToken {
    pub(crate) client_id: String,
    pub(crate) company_uuid: String,
    /// Epoch seconds.
    pub(crate) expires_at: i64,
    pub(crate) uses: u32,
}

/// What an authorization code stands for. It can be used once.
pub(crate) struct AuthorizationCode {
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) scope: String,
    pub(crate) user_uuid: String,
    /// Epoch seconds.
    pub(crate) expires_at: i64,
}

pub(crate) struct World {
    clients: Vec<Client>,
    /// A client secret that replaces the others after this many more grants.
    next_secret: Option<(u64, String, String)>,
    pub(crate) request_tokens: HashMap<String, RequestToken>,
    /// Authorization codes that were issued and not used yet.
    pub(crate) codes: HashMap<String, AuthorizationCode>,
    pub(crate) ledger: Ledger,
    pub(crate) otps: Otps,
}

impl World {
    pub(crate) fn new(app: &App, config: &Config, now: i64) -> Self {
        let mut world = Self {
            clients: Vec::new(),
            next_secret: None,
            request_tokens: HashMap::new(),
            codes: HashMap::new(),
            ledger: Ledger::default(),
            otps: Otps::default(),
        };
        world.register(app, config, now);
        world
    }

    /// Makes the application, its company and its request token known.
    pub(crate) fn register(&mut self, app: &App, config: &Config, now: i64) {
        let App { client_id, client_secret, company_uuid, request_token } = app;
        if self.client(client_id).is_none() {
            self.clients.push(Client {
                id: client_id.clone(),
                secrets: vec![client_secret.clone()],
                disabled: false,
            });
        }
        let token = RequestToken {
            client_id: client_id.clone(),
            company_uuid: company_uuid.clone(),
            expires_at: now.saturating_add(config.request_token_lifetime_seconds),
            uses: 0,
        };
        self.request_tokens.insert(request_token.clone(), token);
    }

    /// A fresh request token of the app's company.
    pub(crate) fn new_request_token(&mut self, app: &App, config: &Config, now: i64) -> String {
        let app = App { request_token: random_uuid(), ..app.clone() };
        self.register(&app, config, now);
        app.request_token
    }

    pub(crate) fn client(&self, client_id: &str) -> Option<&Client> {
        self.clients.iter().find(|client| client.id == client_id)
    }

    /// Makes a secret active, and the ones before it inactive unless they are kept.
    pub(crate) fn add_secret(&mut self, client_id: &str, secret: &str, keeps_others: bool) {
        for client in self.clients.iter_mut().filter(|client| client.id == client_id) {
            if !keeps_others {
                client.secrets.clear();
            }
            client.secrets.push(secret.to_owned());
        }
    }

    /// Replaces a client's secrets by this one after so many more grants.
    pub(crate) fn change_secret_after(&mut self, grants: u64, client_id: &str, secret: &str) {
        self.next_secret = Some((grants, client_id.to_owned(), secret.to_owned()));
    }

    /// Counts a grant, which may have been the last one under a secret.
    pub(crate) fn count_grant(&mut self) {
        let Some((left, client_id, secret)) = self.next_secret.take() else { return };
        match left.saturating_sub(1) {
            0 => self.add_secret(&client_id, &secret, false),
            left => self.next_secret = Some((left, client_id, secret)),
        }
    }

    pub(crate) fn disable_client(&mut self, client_id: &str, disabled: bool) {
        for client in self.clients.iter_mut().filter(|client| client.id == client_id) {
            client.disabled = disabled;
        }
    }
}
