//! Pure: the forms of the grants (SAP: Authentication API, `POST /oauth2/v0/token`).

use zeroize::Zeroizing;

use crate::model::grant::GrantKind;
use crate::model::secret::Secret;

/// The path of the token endpoint, below an origin.
pub(crate) const TOKEN_PATH: &str = "/oauth2/v0/token";
/// The path that sends a one-time password, below an origin.
pub(crate) const OTP_PATH: &str = "/oauth2/v0/otp";

/// The requested grant.
#[derive(Debug, Clone, Copy)]
pub(crate) enum GrantRequest<'a> {
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
    /// The password grant of a user: `credtype=password`.
    User {
        /// The login id or the user UUID.
        username: &'a str,
        /// The password.
        password: &'a Secret,
    },
    /// `client_credentials` (RFC 6749, section 4.4).
    Application,
    /// The one-time password of an e-mail.
    Otp {
        /// The address it was sent to.
        email: &'a str,
        /// The one-time password.
        otp: &'a Secret,
        /// Words separated by spaces; `None` requests all scopes of the application.
        scope: Option<&'a str>,
    },
    /// The authorization code grant (RFC 6749, section 4.1.3).
    AuthorizationCode {
        /// The code of the redirect.
        code: &'a Secret,
        /// The same as in the authorization request.
        redirect_uri: &'a str,
    },
}

impl GrantRequest<'_> {
    /// Whether this uses a refresh token: then a bare `invalid_grant` means that it is invalid.
    pub(crate) fn is_refresh(&self) -> bool {
        matches!(self, Self::Refresh { .. })
    }

    /// The secret that is sent besides the client secret.
    pub(crate) fn secret(&self) -> Option<&Secret> {
        match self {
            Self::Company { company_uuid: _, request_token } => Some(request_token),
            Self::Refresh { refresh_token } => Some(refresh_token),
            Self::User { username: _, password } => Some(password),
            Self::Application => None,
            Self::Otp { email: _, otp, scope: _ } => Some(otp),
            Self::AuthorizationCode { code, redirect_uri: _ } => Some(code),
        }
    }

    /// The `grant_type`, for the audit log.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Company { .. } => GrantKind::Company.name(),
            Self::Refresh { .. } => "refresh",
            Self::User { .. } => GrantKind::User.name(),
            Self::Application => GrantKind::Application.name(),
            Self::Otp { .. } => GrantKind::Otp.name(),
            Self::AuthorizationCode { .. } => GrantKind::Browser.name(),
        }
    }

    /// The form body. `None` when a secret is not text, which Concur never issues.
    pub(crate) fn body(
        &self,
        client_id: &str,
        client_secret: &Secret,
    ) -> Option<Zeroizing<String>> {
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
            Self::User { username, password } => fields.extend([
                ("grant_type", "password"),
                ("username", username),
                ("password", password.expose_utf8()?),
                ("credtype", "password"),
            ]),
            Self::Application => fields.push(("grant_type", "client_credentials")),
            Self::Otp { email, otp, scope } => {
                fields.extend([
                    ("grant_type", "otp"),
                    ("channel_type", EMAIL_CHANNEL),
                    ("channel_handle", email),
                    ("otp", otp.expose_utf8()?),
                ]);
                fields.extend(scope.map(|scope| ("scope", scope)));
            }
            Self::AuthorizationCode { code, redirect_uri } => fields.extend([
                ("grant_type", "authorization_code"),
                ("code", code.expose_utf8()?),
                ("redirect_uri", redirect_uri),
            ]),
        }
        Some(encoded(&fields))
    }
}

/// The form that requests a one-time password by e-mail (SAP: Authentication API, `POST /oauth2/v0/otp`).
/// `None` when the secret is not text.
pub(crate) fn otp_body(
    client_id: &str,
    client_secret: &Secret,
    email: &str,
) -> Option<Zeroizing<String>> {
    Some(encoded(&[
        ("client_id", client_id),
        ("client_secret", client_secret.expose_utf8()?),
        ("channel_type", EMAIL_CHANNEL),
        ("channel_handle", email),
    ]))
}

/// The only documented channel.
const EMAIL_CHANNEL: &str = "email";

fn encoded(fields: &[(&str, &str)]) -> Zeroizing<String> {
    // Allocated for the worst case, so that no partial copy is left in memory.
    let room = fields.iter().map(|(name, value)| name.len() + value.len() * 3 + 2).sum();
    let mut form = url::form_urlencoded::Serializer::new(String::with_capacity(room));
    form.extend_pairs(fields);
    Zeroizing::new(form.finish())
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
        let form = |request: GrantRequest<'_>| request.body("app", &secret).unwrap();
        let user = GrantRequest::User { username: "erika@example.com", password: &token };
        assert_eq!(
            form(user).as_str(),
            "client_id=app&client_secret=s%261&grant_type=password&username=erika%40example.com\
             &password=r%2Bt&credtype=password"
        );
        assert_eq!(
            form(GrantRequest::Application).as_str(),
            "client_id=app&client_secret=s%261&grant_type=client_credentials"
        );
        let email = "erika@example.com";
        let otp = |scope| GrantRequest::Otp { email, otp: &token, scope };
        assert_eq!(
            form(otp(None)).as_str(),
            "client_id=app&client_secret=s%261&grant_type=otp&channel_type=email\
             &channel_handle=erika%40example.com&otp=r%2Bt"
        );
        assert!(form(otp(Some("openid EXPRPT"))).ends_with("&otp=r%2Bt&scope=openid+EXPRPT"));
        let asked = otp_body("app", &secret, email).unwrap();
        for field in asked.split('&') {
            let sent_again = form(otp(None)).split('&').any(|sent| sent == field);
            assert!(sent_again, "what was sent to ask for it is sent with it: {field}");
        }
        let redirect_uri = "http://localhost:8111/";
        assert_eq!(
            form(GrantRequest::AuthorizationCode { code: &token, redirect_uri }).as_str(),
            "client_id=app&client_secret=s%261&grant_type=authorization_code&code=r%2Bt\
             &redirect_uri=http%3A%2F%2Flocalhost%3A8111%2F"
        );
        assert_eq!(
            otp_body("app", &secret, email).unwrap().as_str(),
            "client_id=app&client_secret=s%261&channel_type=email&channel_handle=erika%40example.com"
        );
    }
}
