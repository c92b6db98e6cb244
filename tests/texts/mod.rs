//! What people read, as reviewed files: help, messages and pictures of a terminal. After a change that is meant,
//! write them anew and read the difference: `SNAPSHOTS=overwrite cargo test --test suite texts::`.

mod help;
mod messages;
#[cfg(target_os = "linux")]
mod pictures;

use std::path::Path;

use snapbox::{Assert, Data, Redactions};

use crate::harness::World;

/// The repository.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Compares a text with the reviewed file of this name; what differs from run to run of this world has a name there.
fn is_as_reviewed(world: &World, text: &str, name: &str) {
    let file = root().join("tests/texts").join(format!("{name}.txt"));
    let assert = Assert::new().action_env(snapbox::assert::DEFAULT_ACTION_ENV);
    let text = named(world).redact(text);
    // A time at the right edge: its length decides where it begins.
    let text = regex::Regex::new(r" {3,}\[DAY\]").unwrap().replace_all(&text, "   [DAY]");
    assert.eq(Data::text(text.into_owned()).raw(), Data::read_from(&file, None).raw());
}

fn named(world: &World) -> Redactions {
    let mut names = Redactions::new();
    let home = world.home().display().to_string();
    names.insert("[HOME]", home).unwrap();
    names.insert("[WORK]", world.work().display().to_string()).unwrap();
    names.insert("[ORIGIN]", world.sandbox.origin().to_owned()).unwrap();
    names.insert("[HOST]", world.host().to_owned()).unwrap();
    for (name, what) in [
        ("[TOKEN]", "eyJ[A-Za-z0-9_.-]+"),
        ("[ID]", "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
        ("[BEGIN]", "\\b(?<redacted>[0-9a-f]{8})…"),
        ("[PID]", "pid (?<redacted>[0-9]+)"),
        ("[MS]", "(?<redacted>[0-9]+) ms\\b"),
        ("[TIME]", "[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}(:[0-9]{2})?"),
        ("[DATE]", "[0-9]{4}-[0-9]{2}-[0-9]{2}"),
        ("[DAY]", "\\b[0-9]{1,2} (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)( [0-9]{4})?\\b"),
        ("[DAYS]", "(?<redacted>[0-9]+) d\\b"),
        ("[MIN]", "(?<redacted>[0-9]+) min\\b"),
        ("[SECONDS]", "(?<redacted>[0-9]+) s\\b"),
        ("[USER]", "\\(user (?<redacted>[^,)]+)"),
        ("[CLOCK]", "\\b[0-9]{2}:[0-9]{2}\\b"),
    ] {
        names.insert(name, regex::Regex::new(what).unwrap()).unwrap();
    }
    names
}
