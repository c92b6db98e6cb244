//! The form of a token request.

use std::fmt;

/// The fields of an `application/x-www-form-urlencoded` body, in order. No `Debug` of its values: some
/// are secrets.
pub(crate) struct Form(Vec<(String, String)>);

/// The form fields whose values are secret.
pub(crate) const SECRET_FIELDS: [&str; 5] =
    ["client_secret", "password", "refresh_token", "code", "otp"];

impl Form {
    pub(crate) fn parse(body: &[u8]) -> Self {
        Self(form_urlencoded::parse(body).into_owned().collect())
    }

    /// The value of `name`, if it was sent and is not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(field, _)| field == name)?;
        (!value.is_empty()).then_some(value)
    }

    /// The names of the fields.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// How often `name` was sent.
    pub(crate) fn count(&self, name: &str) -> usize {
        self.0.iter().filter(|(field, _)| field == name).count()
    }

    /// A field that was sent more than once (RFC 6749 §3.2 forbids it).
    pub(crate) fn repeated(&self) -> Option<&str> {
        self.0.iter().enumerate().find_map(|(at, (name, _))| {
            let again = self.0[..at].iter().any(|(earlier, _)| earlier == name);
            again.then_some(name.as_str())
        })
    }
}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}
