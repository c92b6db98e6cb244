//! The JSON of the token endpoint, its fields in the documented order.

use hyper::header;
use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::Value;

use crate::config::{Config, NumberStyle};
use crate::http::reply::Outgoing;
use crate::protocol::codes::{self, Refusal};

/// What was granted.
pub(crate) struct Grant {
    pub(crate) access_token: String,
    pub(crate) scope: String,
    /// The refresh token and its expiry in epoch seconds.
    pub(crate) refresh: Option<(String, i64)>,
    pub(crate) id_token: Option<String>,
}

/// A JSON object that keeps the order of its fields, on its way out with its status.
#[derive(Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    fields: Vec<(String, Value)>,
}

impl Answer {
    /// The 200. Order and types as in real answers to the company grant.
    pub(crate) fn granted(grant: Grant, config: &Config, origin: &str) -> Self {
        let Grant { access_token, scope, refresh, id_token } = grant;
        let number = |value: i64| match config.number_style {
            NumberStyle::Number => Value::from(value),
            NumberStyle::Text => Value::from(value.to_string()),
        };
        let mut answer = Self { status: 200, fields: Vec::new() };
        answer.put("expires_in", number(config.access_lifetime_seconds));
        answer.put("scope", scope);
        answer.put("token_type", "Bearer");
        answer.put("access_token", access_token);
        if let Some((refresh_token, expires_at)) = refresh {
            answer.put("refresh_token", refresh_token);
            if !config.omit_refresh_expires_in {
                answer.put("refresh_expires_in", number(expires_at));
            }
        }
        answer.put_geolocation(config, origin);
        if let Some(id_token) = id_token {
            answer.put("id_token", id_token);
        }
        answer
    }

    /// The 4xx of a documented code.
    pub(crate) fn refused(
        refusal: Refusal,
        config: &Config,
        origin: &str,
        correlation_id: &str,
    ) -> Self {
        let Refusal { code, redirect_to } = refusal;
        let row = codes::code(code);
        let mut answer = Self { status: row.status, fields: Vec::new() };
        answer.put("code", code);
        answer.put("error", row.error);
        answer.put("error_description", row.description);
        match redirect_to {
            Some(geolocation) => answer.put("geolocation", geolocation),
            None => answer.put_geolocation(config, origin),
        }
        answer.put("concur-correlationid", correlation_id);
        answer
    }

    fn put_geolocation(&mut self, config: &Config, origin: &str) {
        if !config.omit_geolocation {
            self.put("geolocation", config.geolocation.as_deref().unwrap_or(origin));
        }
    }

    /// Fields alone: what a redirect carries.
    pub(crate) fn blank(status: u16) -> Self {
        Self { status, fields: Vec::new() }
    }

    /// The fields as a query; one that is no string is spelt as JSON.
    pub(crate) fn to_query(&self) -> String {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let fields = self.fields.iter().map(|(name, value)| (name, text(value)));
        form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
    }

    /// Sets a field where it stands, or appends it.
    pub(crate) fn put(&mut self, name: &str, value: impl Into<Value>) {
        let value = value.into();
        match self.fields.iter_mut().find(|(field, _)| field == name) {
            Some((_, old)) => *old = value,
            None => self.fields.push((name.to_owned(), value)),
        }
    }

    pub(crate) fn omit(&mut self, name: &str) {
        self.fields.retain(|(field, _)| field != name);
    }

    /// One line of JSON.
    pub(crate) fn to_json(&self) -> String {
        // A map of strings to JSON values serialises: there is nothing in it that can fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl Serialize for Answer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.fields.len()))?;
        for (name, value) in &self.fields {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl From<&Answer> for Outgoing {
    fn from(answer: &Answer) -> Self {
        // RFC 6749 §5.1: a response with tokens is not to be stored by anything on its way.
        Self::new(answer.status, "application/json", answer.to_json())
            .with(header::CACHE_CONTROL, "no-store")
    }
}
