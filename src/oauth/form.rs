//! Pure: the forms of the grants (SAP: Authentication API, `POST /oauth2/v0/token`).

use zeroize::Zeroizing;

use crate::model::secret::Secret;

/// The path of the token endpoint, below an origin.
pub const TOKEN_PATH: &str = "/oauth2/v0/token";

/// Which grant is asked for.
#[derive(Debug, Clone, Copy)]
pub enum GrantRequest<'a> {
    /// The company grant: `grant_type=password` with `credtype=authtoken`.
    Company {
        /// The company UUID, sent as `username`.
        company_uuid: &'a str,
        /// The company request token, sent as `password`.
        request_token: &'a Secret,
    },
    /// The refresh grant (RFC 6749, section 6).
    Refresh {
        /// The refresh token.
        refresh_token: &'a Secret,
    },
}

impl GrantRequest<'_> {
    /// Whether this spends a refresh token: then a bare `invalid_grant` condemns it.
    pub fn is_refresh(&self) -> bool {
        matches!(self, Self::Refresh { .. })
    }

    /// The `grant_type`, for the audit trail.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Company { .. } => "company",
            Self::Refresh { .. } => "refresh",
        }
    }

    /// The form body. `None` when a secret is not text, which Concur never issues.
    pub fn body(&self, client_id: &str, client_secret: &Secret) -> Option<Zeroizing<String>> {
        let client_secret = client_secret.expose_utf8()?;
        let mut fields = vec![("client_id", client_id), ("client_secret", client_secret)];
        match self {
            Self::Company { company_uuid, request_token } => fields.extend([
                ("grant_type", "password"),
                ("username", company_uuid),
                ("password", request_token.expose_utf8()?),
                ("credtype", "authtoken"),
            ]),
            Self::Refresh { refresh_token } => fields.extend([
                ("grant_type", "refresh_token"),
                ("refresh_token", refresh_token.expose_utf8()?),
            ]),
        }
        // Room for the worst case at once, so that no half-written copy is left behind.
        let room = fields.iter().map(|(name, value)| name.len() + value.len() * 3 + 2).sum();
        let mut form = url::form_urlencoded::Serializer::new(String::with_capacity(room));
        form.extend_pairs(fields);
        Some(Zeroizing::new(form.finish()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_are_the_documented_ones() {
        let secret = Secret::from("s&1");
        let token = Secret::from("r+t");
        let refresh = GrantRequest::Refresh { refresh_token: &token };
        assert_eq!(
            refresh.body("app", &secret).unwrap().as_str(),
            "client_id=app&client_secret=s%261&grant_type=refresh_token&refresh_token=r%2Bt"
        );
        let company = GrantRequest::Company { company_uuid: "uuid", request_token: &token };
        assert_eq!(
            company.body("app", &secret).unwrap().as_str(),
            "client_id=app&client_secret=s%261&grant_type=password&username=uuid&password=r%2Bt\
             &credtype=authtoken"
        );
    }
}
