//! Checks of the search itself: deliberate leaks are found in each encoding and each place.

use super::finder::{KINDS, PART_BYTES, Secrets};
use super::forms::FORMS;
use super::scene::{Scene, odd};
use super::search::PLACES;

/// A program that leaks what it reads into one place.
fn leak(scene: &mut Scene, place: &str, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let state = scene.world.state_dir();
    let file = match place {
        "stdout" | "stderr" => {
            let script = if place == "stdout" { "cat" } else { "cat >&2" };
            let run = scene.start("sh", &["-c", script]);
            let _ = scene.record_output(run.stdin(bytes).output());
            return;
        }
        "log --json" => {
            let events = rusqlite::Connection::open(state.join("events.db")).unwrap();
            let insert = "INSERT INTO event (at, action, outcome, detail) VALUES (1, 'a', 'b', ?1)";
            assert_eq!(events.execute(insert, [text]).unwrap(), 1);
            return;
        }
        "arguments and environment of programs that were started" => {
            // Data that the system itself refuses.
            let word = text.replace('\0', "");
            for child in
                [["exec", "--", "true", &word], ["exec", "--", "env", &format!("A={word}")]]
            {
                let _ = scene.run(&[&child[..], &["true"]].concat());
            }
            return;
        }
        "trace" => scene.world.home().join("trace"),
        "events.db" | "store.db" => state.join(place),
        "home folder" => scene.world.home().join("some.file"),
        "working folder" => scene.world.work().join("some.file"),
        "temporary folder" => scene.world.home().parent().unwrap().join("tmp/some.file"),
        _ => state.join("some.file"),
    };
    let mut content = std::fs::read(&file).unwrap_or_default();
    content.extend(b"before ");
    content.extend(bytes);
    content.extend(b" after");
    std::fs::write(file, content).unwrap();
}

#[test]
fn a_leak_in_any_form_is_found_in_every_place() {
    std::thread::scope(|scope| {
        for place in PLACES {
            scope.spawn(move || every_form_is_found_in(place));
        }
    });
}

fn every_form_is_found_in(place: &str) {
    let mut scene = Scene::in_use(false);
    // A kind for each form, to distinguish them.
    let mut planted = Secrets::default();
    for ((_, write), kind) in FORMS.iter().zip(KINDS) {
        let secret = odd("c0ntrol");
        planted.add(kind, &secret);
        leak(&mut scene, place, &write(secret.as_bytes()));
    }
    scene.secrets = planted;
    let leaks = scene.leaks();
    for ((form, _), kind) in FORMS.iter().zip(KINDS) {
        let is_found = leaks.iter().any(|leak| leak.starts_with(place) && leak.contains(kind));
        // The system does not pass zero bytes.
        let cannot_be = *form == "UTF-16" && place.starts_with("arguments");
        assert!(is_found || cannot_be, "{form} in {place}: {leaks:?}");
    }
}

#[test]
fn a_part_of_a_secret_is_found_and_a_shorter_part_is_not() {
    let secret = odd("c0ntrol");
    let mut secrets = Secrets::default();
    secrets.add("client secret", &secret);
    let bytes = secret.as_bytes();
    for from in 0..=bytes.len() - PART_BYTES {
        let part = &bytes[from..from + PART_BYTES];
        let around = [b"said [".as_slice(), part, b"]"].concat();
        assert!(!secrets.found_in(&around).is_empty(), "{from}");
        let shorter = [b"said [".as_slice(), &part[1..], b"]"].concat();
        assert!(secrets.found_in(&shorter).is_empty(), "{from}");
    }
    assert!(secrets.found_in(b"nothing of it").is_empty());
}

#[test]
fn an_encoding_within_an_encoding_is_found() {
    let secret = odd("c0ntrol");
    let mut secrets = Secrets::default();
    secrets.add("client secret", &secret);
    for (outer, wrap) in FORMS {
        for (inner, write) in FORMS {
            let both = wrap(&write(secret.as_bytes()));
            // An encoding converted to lower case cannot be decoded.
            let is_lost = *inner == *"UTF-16" || *outer == *"UTF-16" || outer.starts_with("lower");
            assert!(is_lost || !secrets.found_in(&both).is_empty(), "{inner} in {outer}");
        }
    }
}
