//! Pure: a service's text is shown, traced and stored in the audit log only if it does not repeat a secret that
//! was sent.

use super::answer::{Granted, HttpAnswer, Moved, Outcome};
use super::failure::{Failure, Unusable};
use crate::error::ServiceWord;
use crate::model::origin::Origin;
use crate::model::redact::repeats;
use crate::model::secret::Secret;

/// Replaces a description that repeats a secret.
const WITHHELD: &str = "its message is not shown because it repeats a secret";

/// The most scopes that are checked; Concur has some dozens.
const MAX_SCOPE_WORDS: usize = 500;

/// Replaces an id that repeats a secret by the id that was sent.
pub(crate) fn id(answer: &mut HttpAnswer, sent_id: &str, sent: &[&Secret]) {
    if answer.correlation_id.as_deref().is_some_and(|id| repeats(id, sent)) {
        answer.correlation_id = Some(sent_id.to_owned());
    }
}

/// Removes everything that repeats a secret from an outcome. `known_id` replaces such an id.
pub(crate) fn outcome(outcome: Outcome, sent: &[&Secret], known_id: Option<&str>) -> Outcome {
    match outcome {
        Outcome::Granted(answered) => Outcome::Granted(Box::new(granted(*answered, sent))),
        Outcome::Moved(to) => {
            moved(Ok(to), sent, known_id).map_or_else(Outcome::Failed, Outcome::Moved)
        }
        Outcome::Failed(why) => Outcome::Failed(failure(why, sent, known_id)),
    }
}

/// The same for an answer without tokens.
pub(crate) fn moved(
    moved: Result<Moved, Failure>,
    sent: &[&Secret],
    known_id: Option<&str>,
) -> Result<Moved, Failure> {
    let word = |said| word(said, sent, known_id);
    match moved.map_err(|why| failure(why, sent, known_id))? {
        Moved::ByCode(origin, said) if is_telling(origin.origin(), sent) => {
            let why = "Concur redirected to a host whose name repeats a secret".to_owned();
            Err(Failure::Rejected { condemned: false, word: word(said), why: Some(why) })
        }
        Moved::ByCode(origin, said) => Ok(Moved::ByCode(origin, word(said))),
        Moved::ByRedirect(origin) if is_telling(origin.origin(), sent) => Err(Failure::Transient {
            why: Unusable::Redirect,
            retry_after: None,
            word: word(ServiceWord::default()),
        }),
        redirect @ Moved::ByRedirect(_) => Ok(redirect),
    }
}

fn failure(failure: Failure, sent: &[&Secret], known_id: Option<&str>) -> Failure {
    let word = |said| word(said, sent, known_id);
    match failure {
        Failure::Rejected { condemned, word: said, why } => {
            Failure::Rejected { condemned, word: word(said), why }
        }
        Failure::Transient { why, retry_after, word: said } => {
            Failure::Transient { why, retry_after, word: word(said) }
        }
        // This program's text.
        unreached @ Failure::Unreached(_) => unreached,
    }
}

/// Words of a scope are kept if they repeat no secret; principal and base URL are one word each.
fn granted(granted: Granted, sent: &[&Secret]) -> Granted {
    let Granted { mut grant, mut warnings, skew } = granted;
    let tokens = [&grant.access_token, &grant.refresh_token, &grant.id_token];
    let all: Vec<&Secret> = sent.iter().copied().chain(tokens.into_iter().flatten()).collect();
    let mut bad = Vec::new();
    let mut scope = grant.scope.take();
    if scope.as_deref().is_some_and(|scope| repeats(scope, &all)) {
        bad.push("scope; ignored it");
        scope = scope.and_then(|scope| words_without(&scope, &all));
    }
    let is_bad = |text: &String| repeats(text, &all);
    let principal = grant.principal.take_if(|principal| is_bad(principal));
    let geolocation = grant.geolocation.take_if(|origin| is_telling(origin, &all));
    bad.extend(principal.map(|_| "user; ignored it"));
    bad.extend(geolocation.map(|_| "base URL; kept the stored one"));
    warnings.extend(bad.iter().map(|what| format!("Concur's answer repeats a secret as {what}")));
    grant.scope = scope;
    Granted { grant, warnings, skew }
}

/// The words that do not repeat a secret; none, if they do so together.
fn words_without(scope: &str, secrets: &[&Secret]) -> Option<String> {
    // A text that is too long to be searched is dropped as a whole.
    let words = scope.split_whitespace().take(MAX_SCOPE_WORDS);
    let kept: Vec<&str> = words.filter(|word| !repeats(word, secrets)).collect();
    let kept = kept.join(" ");
    (!kept.is_empty() && !repeats(&kept, secrets)).then_some(kept)
}

/// Whether a host name below Concur's domain repeats a secret: name servers would see it. Other origins were
/// named by the operator.
fn is_telling(origin: &Origin, secrets: &[&Secret]) -> bool {
    origin.data_centre().is_some_and(|name| repeats(name, secrets))
}

fn word(word: ServiceWord, sent: &[&Secret], known_id: Option<&str>) -> ServiceWord {
    let ServiceWord { code, description, correlation_id } = word;
    let shown = |text: String| if repeats(&text, sent) { WITHHELD.to_owned() } else { text };
    ServiceWord {
        code,
        description: description.map(shown),
        correlation_id: correlation_id
            .and_then(|id| if repeats(&id, sent) { known_id.map(str::to_owned) } else { Some(id) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::grant::Grant;
    use crate::model::origin::AllowList;

    fn secret() -> Secret {
        Secret::from("s3cr3t-s3cr3t")
    }

    fn refused(description: &str, id: &str) -> ServiceWord {
        let word = ServiceWord {
            code: Some(5),
            description: Some(description.to_owned()),
            correlation_id: Some(id.to_owned()),
        };
        let rejected = Failure::Rejected { condemned: false, word, why: None };
        match failure(rejected, &[&secret()], Some("sent-id")) {
            Failure::Rejected { word, .. } => word,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_word_that_repeats_what_was_sent_is_not_handed_on() {
        let word = refused("bad token s3cr3t%2Ds3cr3t", "id-s3cr3t-s3cr3t");
        let withheld = Some(WITHHELD.to_owned());
        assert_eq!(
            word,
            ServiceWord {
                code: Some(5),
                description: withheld,
                correlation_id: Some("sent-id".to_owned())
            }
        );
        let word = refused("bad token", "2803b8f8");
        assert_eq!(word.description.as_deref(), Some("bad token"));
        assert_eq!(word.correlation_id.as_deref(), Some("2803b8f8"));
    }

    fn grant() -> Grant {
        Grant {
            access_token: Some(Secret::from("n3w-t0ken-n3w")),
            access_expires_at: None,
            refresh_token: None,
            refresh_expires_at: None,
            refresh_expiry_assumed: false,
            scope: None,
            geolocation: None,
            id_token: None,
            principal: None,
        }
    }

    fn kept(grant: Grant) -> (Grant, usize) {
        let given = Granted { grant, warnings: Vec::new(), skew: None };
        let Granted { grant, warnings, skew: _ } = granted(given, &[&secret()]);
        (grant, warnings.len())
    }

    #[test]
    fn of_a_scope_only_what_repeats_a_token_is_left_out() {
        for (scope, expected) in [
            ("openid", Some("openid")),
            ("openid n3w-t0ken-n3w EXPRPT", Some("openid EXPRPT")),
            ("n3w-t0ken-n3w", None),
            ("openid n3w-%74%30ken-n3w", Some("openid")),
        ] {
            let (grant, odd) = kept(Grant { scope: Some(scope.to_owned()), ..grant() });
            assert_eq!(grant.scope.as_deref(), expected);
            assert_eq!(odd, usize::from(expected != Some(scope)));
        }
    }

    #[test]
    fn a_user_and_a_base_url_that_repeat_a_secret_are_not_kept() {
        let origin = |name: &str| Origin::from_operator(name).ok();
        let told = |principal: &str, base: &str| {
            let principal = Some(principal.to_owned());
            let base = origin(&format!("https://{base}.api.concursolutions.com"));
            let (grant, odd) = kept(Grant { principal, geolocation: base, ..grant() });
            (grant.principal.is_some(), grant.geolocation.is_some(), odd)
        };
        assert_eq!(told("2803b8f8-9e42-43c2-a739-ff768b00b7ea", "us2"), (true, true, 0));
        assert_eq!(told("s3cr3t-s3cr3t", "us2"), (false, true, 1));
        assert_eq!(told("erika@example.com", "n3w-t0ken-n3w"), (true, false, 1));
    }

    #[test]
    fn nobody_is_sent_on_to_a_host_that_is_named_like_a_secret() {
        for (name, goes) in [("us2", true), ("s3cr3t-s3cr3t", false)] {
            let origin =
                Origin::from_operator(&format!("https://{name}.api.concurcdc.cn")).unwrap();
            let there = AllowList::default().permit(&origin).unwrap();
            let to = Moved::ByCode(there, ServiceWord::default());
            let ended = moved(Ok(to), &[&secret()], None);
            assert_eq!(ended.is_ok(), goes, "{ended:?}");
        }
    }
}
