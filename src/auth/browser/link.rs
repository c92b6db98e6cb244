//! Pure: the address at which a person signs in (SAP: Authentication API, `GET /oauth2/v0/authorize`).

use url::Url;
use zeroize::Zeroizing;

use super::redirect::RedirectUri;
use crate::model::origin::Origin;
use crate::model::secret::Secret;

/// The path of the page, below an origin.
const AUTHORIZE_PATH: &str = "/oauth2/v0/authorize";

/// The parameters of the request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Authorization<'a> {
    /// The origin that the operator named; the page is at its `www-` twin.
    pub origin: &'a Origin,
    /// The application.
    pub client_id: &'a str,
    /// The redirect URI.
    pub redirect_uri: &'a RedirectUri,
    /// Words separated by spaces; `None` leaves it to Concur.
    pub scope: Option<&'a str>,
}

impl Authorization<'_> {
    /// The whole address. It contains the state, so it is a secret: it is shown to the user and given to the
    /// browser only. `None` if the state is not text.
    pub(crate) fn link(&self, state: &Secret) -> Option<Zeroizing<String>> {
        let Self { origin, client_id, redirect_uri, scope } = self;
        let mut url = Url::parse(&for_browsers(origin)).ok()?;
        url.set_path(AUTHORIZE_PATH);
        url.query_pairs_mut()
            .append_pair("client_id", client_id)
            .append_pair("redirect_uri", redirect_uri.as_str())
            .extend_pairs(scope.map(|scope| ("scope", scope)))
            .append_pair("response_type", "code")
            .append_pair("state", state.expose_utf8()?);
        Some(Zeroizing::new(url.into()))
    }
}

/// Concur's bare hosts ask browsers for client certificates; their `www-` twins do not (SAP: Base URIs).
fn for_browsers(origin: &Origin) -> String {
    if origin.is_concur() && !origin.host().starts_with("www-") {
        return format!("{}://www-{}", origin.scheme(), origin.host());
    }
    origin.as_str().to_owned()
}

/// Whether this is a page of the sign-in itself, pasted before its end.
pub(crate) fn is_authorize_page(url: &Url) -> bool {
    url.path().starts_with(AUTHORIZE_PATH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_at_the_twin_and_everything_is_encoded() {
        let redirect_uri: RedirectUri = "http://localhost:8017/cb?a=1".parse().unwrap();
        let state = Secret::from("s-_1");
        let link = |origin: &str, scope| {
            let origin = Origin::from_operator(origin).unwrap();
            let asked = Authorization {
                origin: &origin,
                client_id: "app 1",
                redirect_uri: &redirect_uri,
                scope,
            };
            asked.link(&state).unwrap().to_string()
        };
        let end =
            "redirect_uri=http%3A%2F%2Flocalhost%3A8017%2Fcb%3Fa%3D1&response_type=code&state=s-_1";
        assert_eq!(
            link("us2", None),
            format!(
                "https://www-us2.api.concursolutions.com/oauth2/v0/authorize?client_id=app+1&{end}"
            )
        );
        for (origin, begin) in [
            ("https://www-us2.api.concursolutions.com", "https://www-us2.api.concursolutions.com/"),
            ("cn", "https://www-cn.api.concurcdc.cn/"),
            ("http://127.0.0.1:8765", "http://127.0.0.1:8765/"),
            ("https://concur.intranet.example", "https://concur.intranet.example/"),
        ] {
            assert!(link(origin, None).starts_with(begin), "{}", link(origin, None));
        }
        assert!(link("us2", Some("openid EXPRPT")).contains("&scope=openid+EXPRPT&"));
    }
}
