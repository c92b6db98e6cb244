//! One-time passwords that were sent and not used yet.

use uuid::Uuid;

use crate::config::Config;
use crate::protocol::codes::Refusal;
use crate::protocol::form::Form;

/// The only `channel_type`.
pub(crate) const EMAIL: &str = "email";

/// What a client says about the user. It must be the same in the request for a one-time password and in the
/// token request.
#[derive(PartialEq, Eq)]
pub(crate) struct Facts([Option<String>; 3]);

impl Facts {
    pub(crate) fn of(form: &Form) -> Self {
        Self(["name", "company", "link"].map(|name| form.get(name).map(str::to_owned)))
    }
}

/// A one-time password that was sent and not used yet.
struct Open {
    client_id: String,
    email: String,
    value: String,
    facts: Facts,
    /// Epoch seconds.
    expires_at: i64,
}

/// The one-time passwords that are open.
#[derive(Default)]
pub(crate) struct Otps(Vec<Open>);

impl Otps {
    /// Opens a new one; code 82 if too many are open for this address.
    pub(crate) fn open(
        &mut self,
        client_id: &str,
        email: &str,
        facts: Facts,
        config: &Config,
        now: i64,
    ) -> Result<String, Refusal> {
        self.0.retain(|open| open.expires_at > now);
        if self.of(client_id, email).count() >= config.otp_open_limit {
            return Err(82.into());
        }
        let value = format!("{:08}", Uuid::new_v4().as_u128() % 100_000_000);
        self.0.push(Open {
            client_id: client_id.to_owned(),
            email: email.to_owned(),
            value: value.clone(),
            facts,
            expires_at: now.saturating_add(config.otp_lifetime_seconds),
        });
        Ok(value)
    }

    /// Uses one up, and with it all others of the address.
    pub(crate) fn spend(
        &mut self,
        client_id: &str,
        email: &str,
        value: &str,
        facts: &Facts,
        now: i64,
    ) -> Result<(), Refusal> {
        self.0.retain(|open| open.expires_at > now);
        if self.of(client_id, email).next().is_none() {
            return Err(83.into());
        }
        let Some(open) = self.of(client_id, email).find(|open| open.value == value) else {
            return Err(85.into());
        };
        if open.facts != *facts {
            return Err(84.into());
        }
        self.0
            .retain(|open| open.client_id != client_id || !open.email.eq_ignore_ascii_case(email));
        Ok(())
    }

    /// The newest open one of this address.
    pub(crate) fn last(&self, email: &str) -> Option<&str> {
        let mut newest = self.0.iter().rev();
        newest.find(|open| open.email.eq_ignore_ascii_case(email)).map(|open| open.value.as_str())
    }

    /// Expires all that are open.
    pub(crate) fn expire(&mut self) {
        self.0.clear();
    }

    fn of(&self, client_id: &str, email: &str) -> impl Iterator<Item = &Open> {
        self.0.iter().filter(move |open| {
            open.client_id == client_id && open.email.eq_ignore_ascii_case(email)
        })
    }
}
