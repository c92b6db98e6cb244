//! The edits of the tests of links: changes to a store without its key.

/// An edit's name and its statements.
pub(super) type Edit = (&'static str, &'static str);

pub(super) const NULLED: &str = "UPDATE record SET access_token = NULL, refresh_token = NULL, id_token = NULL, \
    request_token = NULL, unknown_fields = NULL";
/// Only the company grant is left.
const REQUEST_TOKEN_ALONE: &str = "UPDATE record SET access_token = NULL, refresh_token = NULL";
pub(super) const EXPIRED: &str = "UPDATE record SET access_expires_at = 1";

pub(super) const EDITS: [Edit; 29] = [
    (
        "the other's application",
        "UPDATE record SET application_id = (SELECT application_id FROM record WHERE profile = 'test') \
         WHERE profile = 'prod'",
    ),
    (
        "applications exchanged",
        "CREATE TEMP TABLE t AS SELECT profile p, application_id a FROM record WHERE profile IS NOT NULL; \
         UPDATE record SET application_id = (SELECT a FROM t WHERE p <> profile)",
    ),
    (
        "names exchanged",
        "UPDATE record SET profile = 'x' WHERE profile = 'prod'; \
         UPDATE record SET profile = 'prod' WHERE profile = 'test'; \
         UPDATE record SET profile = 'test' WHERE profile = 'x'",
    ),
    (
        "the other's name",
        "DELETE FROM record WHERE profile = 'prod'; \
         UPDATE record SET profile = 'prod' WHERE profile = 'test'",
    ),
    ("an application put back", "UPDATE record SET application_id = 7 WHERE profile = 'prod'"),
    ("principal", "UPDATE record SET principal = 'somebody'"),
    ("principal and user name", "UPDATE record SET principal = 'x', username = CAST('x' AS BLOB)"),
    ("the principal's capitals", "UPDATE record SET principal = upper(principal) || ' '"),
    (
        "the other's principal",
        "UPDATE record SET principal = (SELECT o.principal FROM record o WHERE o.profile = 'test') || '2'",
    ),
    ("no principal", "UPDATE record SET principal = ''"),
    ("grant app", "UPDATE record SET obtained_by = 'app'"),
    ("grant user", "UPDATE record SET obtained_by = 'user'"),
    ("no grant", "UPDATE record SET obtained_by = NULL"),
    ("a grant that is none", "UPDATE record SET obtained_by = 'nonsense'"),
    ("client id", "UPDATE application SET client_id = 'somebody'"),
    ("origin", "UPDATE application SET origin = '{other}'"),
    (
        "an origin of Concur's",
        "UPDATE application SET origin = 'https://us2.api.concursolutions.com'",
    ),
    (
        "origins exchanged",
        "CREATE TEMP TABLE t AS SELECT id i, origin o FROM application WHERE id <> 7; \
         UPDATE application SET origin = (SELECT o FROM t WHERE i <> id) WHERE id <> 7",
    ),
    ("application's id", "PRAGMA foreign_keys = OFF; UPDATE application SET id = id + 1"),
    ("no such application", "PRAGMA foreign_keys = OFF; UPDATE record SET application_id = 1"),
    ("identity forgotten", "UPDATE record SET identity = NULL"),
    ("an empty identity", "UPDATE record SET identity = x''"),
    ("an identity cut short", "UPDATE record SET identity = substr(identity, 1, 20)"),
    ("random bytes", "UPDATE record SET identity = randomblob(49)"),
    (
        "the other's identity",
        "UPDATE record SET identity = (SELECT o.identity FROM record o WHERE o.profile = 'test') \
         WHERE profile = 'prod'",
    ),
    ("a cell as identity", "UPDATE record SET identity = access_token"),
    (
        "its format set back",
        "UPDATE record SET identity = CAST(x'01' || substr(identity, 2) AS BLOB)",
    ),
    (
        "every format set back",
        "UPDATE record SET identity = NULL, access_token = CAST(x'01' || substr(access_token, 2) AS BLOB), \
         refresh_token = CAST(x'01' || substr(refresh_token, 2) AS BLOB), \
         request_token = CAST(x'01' || substr(request_token, 2) AS BLOB), \
         id_token = CAST(x'01' || substr(id_token, 2) AS BLOB); \
         UPDATE application SET client_secret = CAST(x'01' || substr(client_secret, 2) AS BLOB)",
    ),
    (
        "the client secret's format set back",
        "UPDATE record SET identity = NULL, access_token = NULL, refresh_token = NULL, \
         request_token = NULL, id_token = NULL; \
         UPDATE application SET client_secret = CAST(x'01' || substr(client_secret, 2) AS BLOB)",
    ),
];

/// Additional edits of the tokens.
pub(super) const TOKENS: [Edit; 4] = [
    ("tokens there", "SELECT 1"),
    ("tokens expired", EXPIRED),
    ("no tokens", NULLED),
    ("a request token alone", REQUEST_TOKEN_ALONE),
];
