//! Pure: the methods that a request may have.

use reqwest::Method;

/// The method of a request. Not TRACE, which returns the token, nor CONNECT, which is for proxies.
const METHODS: [Method; 7] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::OPTIONS,
];

/// The method of this name, in upper or lower case.
pub(crate) fn named(text: &str) -> Option<Method> {
    METHODS.into_iter().find(|method| method.as_str().eq_ignore_ascii_case(text))
}

/// Whether fields go into the query, because a body has no meaning (RFC 9110, section 9.3).
pub(crate) fn only_asks(method: &Method) -> bool {
    [Method::GET, Method::HEAD].contains(method)
}

/// Whether a request whose answer was lost can be repeated safely (RFC 9110, section 9.2.2).
pub(crate) fn is_idempotent(method: &Method) -> bool {
    ![Method::POST, Method::PATCH].contains(method)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_is_one_of_a_closed_list() {
        assert_eq!(named("post"), Some(Method::POST));
        assert_eq!(named("DELETE"), Some(Method::DELETE));
        for refused in ["TRACE", "trace", "CONNECT", "", "GET ", "G\r\nX", "FETCH"] {
            assert_eq!(named(refused), None, "{refused:?}");
        }
    }
}
