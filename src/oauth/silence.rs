//! Pure: what a service says is shown, traced and kept in the audit trail, unless it gives back what it was
//! sent.

use super::answer::{HttpAnswer, Outcome};
use crate::error::ServiceWord;
use crate::model::echo::repeats;
use crate::model::secret::Secret;

/// In the place of a description that repeats a secret.
const WITHHELD: &str = "its words are not shown: they repeat a secret";

/// Puts the id that was sent in the place of one that repeats a secret.
pub fn id(answer: &mut HttpAnswer, sent_id: &str, sent: &[&Secret]) {
    if answer.correlation_id.as_deref().is_some_and(|id| repeats(id, sent)) {
        answer.correlation_id = Some(sent_id.to_owned());
    }
}

/// Takes everything out of an outcome that repeats a secret.
pub fn outcome(outcome: Outcome, sent: &[&Secret]) -> Outcome {
    match outcome {
        Outcome::Granted(mut grant, mut odd) => {
            let tokens = [&grant.access_token, &grant.refresh_token, &grant.id_token];
            let all: Vec<&Secret> =
                sent.iter().copied().chain(tokens.into_iter().flatten()).collect();
            let is_bad =
                |text: &Option<String>| text.as_deref().is_some_and(|text| repeats(text, &all));
            let (scope, principal) = (is_bad(&grant.scope), is_bad(&grant.principal));
            if scope {
                grant.scope = None;
                odd.push("Concur's answer repeats a secret as scope; kept none".to_owned());
            }
            if principal {
                grant.principal = None;
                odd.push("Concur's answer repeats a secret as user; kept none".to_owned());
            }
            Outcome::Granted(grant, odd)
        }
        Outcome::Elsewhere(origin, said) => Outcome::Elsewhere(origin, word(said, sent)),
        Outcome::Rejected { condemned, word: said, why } => {
            Outcome::Rejected { condemned, word: word(said, sent), why }
        }
        Outcome::Transient { why, retry_after, word: said } => {
            Outcome::Transient { why, retry_after, word: word(said, sent) }
        }
    }
}

fn word(word: ServiceWord, sent: &[&Secret]) -> ServiceWord {
    let ServiceWord { code, description, correlation_id } = word;
    ServiceWord {
        code,
        description: description.map(
            |text| {
                if repeats(&text, sent) { WITHHELD.to_owned() } else { text }
            },
        ),
        correlation_id: correlation_id.filter(|id| !repeats(id, sent)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::grant::Grant;

    fn secret() -> Secret {
        Secret::from("s3cr3t-s3cr3t")
    }

    fn refused(description: &str, id: &str) -> ServiceWord {
        let word = ServiceWord {
            code: Some(5),
            description: Some(description.to_owned()),
            correlation_id: Some(id.to_owned()),
        };
        let rejected = Outcome::Rejected { condemned: false, word, why: None };
        match outcome(rejected, &[&secret()]) {
            Outcome::Rejected { word, .. } => word,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_word_that_repeats_what_was_sent_is_not_handed_on() {
        let word = refused("bad token s3cr3t%2Ds3cr3t", "id-s3cr3t-s3cr3t");
        let withheld = Some(WITHHELD.to_owned());
        assert_eq!(
            word,
            ServiceWord { code: Some(5), description: withheld, correlation_id: None }
        );
        let word = refused("bad token", "2803b8f8");
        assert_eq!(word.description.as_deref(), Some("bad token"));
        assert_eq!(word.correlation_id.as_deref(), Some("2803b8f8"));
    }

    #[test]
    fn a_scope_that_repeats_a_token_that_was_just_granted_is_not_kept() {
        for (scope, kept) in [("openid", true), ("openid n3w-t0ken-n3w", false)] {
            let grant = Grant {
                access_token: Some(Secret::from("n3w-t0ken-n3w")),
                access_expires_at: None,
                refresh_token: None,
                refresh_expires_at: None,
                refresh_expiry_assumed: false,
                scope: Some(scope.to_owned()),
                geolocation: None,
                id_token: None,
                principal: None,
            };
            let ended = outcome(Outcome::Granted(Box::new(grant), Vec::new()), &[&secret()]);
            let Outcome::Granted(grant, odd) = ended else { panic!("granted") };
            assert_eq!(grant.scope.is_some(), kept);
            assert_eq!(odd.is_empty(), kept);
        }
    }
}
