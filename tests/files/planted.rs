//! Every attack on every file of the table: no command hangs, no link is followed, no file is wrongly written or
//! replaced, no token is spent, and the message names the problem.

use super::attack::Attack;
use super::places::{
    self, Place, named, of_a_renewal, of_answers, of_the_job, of_the_operator, of_the_store,
};
use crate::harness::World;

fn world() -> World {
    let world = World::new();
    for name in ["credentials.json", "named.json"] {
        world.write(name, world.sandbox.credentials_json());
    }
    let origin = world.sandbox.origin().to_owned();
    world.concur(["login", "--base-url", &origin]).ok();
    world.concur(["export"]).ok();
    world
}

fn through_every_attack(place: &Place) {
    let world = world();
    let path = (place.path)(&world);
    for attack in Attack::ALL {
        if place.meant.contains(&attack) {
            continue;
        }
        if place.is_renewal {
            world.expire("default");
        }
        let Some(planted) = attack.plant(&world, &path) else { continue };
        let asked = world.token_requests();
        let what = named(place, attack);
        let output = (place.command)(&world, &path).output();
        assert_eq!(output.code, Some(place.code(attack)), "{what}\n{output:?}");
        if place.code(attack) != 0 {
            assert!(planted.is_still_there(), "{what}\n{output:?}");
            assert_eq!(world.token_requests(), asked, "nothing is sent: {what}\n{output:?}");
            assert!(output.stdout.is_empty(), "{what}\n{output:?}");
            let name = path.file_name().unwrap().to_str().unwrap();
            let names_it = output.stderr.contains(name);
            // SQLite does not report which of its files cannot be written.
            let is_reported = names_it || attack == Attack::Immutable;
            assert!(is_reported || place.code(attack) != 6, "{what}\n{output:?}");
        }
        // A database with a hard link is still the same database.
        let is_written = place.is_database && attack == Attack::SecondName;
        if !(place.replaces_through_links || is_written) {
            assert!(planted.victim_is_untouched(), "{what}\n{output:?}");
        }
        assert!(!output.stderr.contains("precious"), "{what}\n{output:?}");
        planted.undo();
    }
    world.concur(["get"]).ok();
}

/// Each place of a list in a thread of its own.
fn each(places: &[Place]) {
    std::thread::scope(|scope| {
        for place in places {
            let thread = std::thread::Builder::new().name(place.name.to_owned());
            thread.spawn_scoped(scope, || through_every_attack(place)).unwrap();
        }
    });
}

#[test]
fn anything_planted_in_place_of_the_store_is_refused_or_harmless() {
    each(&of_the_store());
    each(&of_a_renewal());
}

#[test]
fn anything_planted_in_place_of_the_operators_files_is_refused_or_harmless() {
    each(&of_the_operator());
}

#[test]
fn anything_planted_in_place_of_an_output_file_is_refused_or_harmless() {
    each(&of_answers());
    each(&of_the_job());
}

#[test]
fn a_huge_store_is_not_read_into_memory_for_a_repair() {
    let world = world();
    let file = world.store_file();
    let damaged = std::fs::File::options().write(true).open(&file).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&damaged, &[0xff; 64], 0).unwrap();
    damaged.set_len(10 << 30).unwrap();
    let run = super::support::timed(&world, &["doctor", "--offline", "--repair", "--json"]);
    let output = run.output().code(6);
    assert!(output.text().contains("was not read"), "{output:?}");
    assert_eq!(file.metadata().unwrap().len(), 10 << 30, "it is still there");
}

#[test]
fn a_hard_link_to_the_store_is_reported_by_doctor_and_refused_by_no_command() {
    let world = world();
    let second = world.work().join("second");
    std::fs::hard_link(world.store_file(), &second).unwrap();
    world.concur(["refresh"]).ok();
    let output = world.concur(["doctor", "--offline"]).ok();
    assert!(output.text().contains("has a second name"), "{output:?}");
    let remedy = output.text().split("is running: ").nth(1).unwrap().lines().next().unwrap();
    let remedy = remedy.trim_end_matches(')').to_owned();
    world.run("sh", ["-c", &remedy]).ok();
    let output = world.concur(["doctor", "--offline"]).ok();
    assert!(!output.text().contains("another name"), "{remedy}\n{output:?}");
    world.concur(["refresh"]).ok();
}

#[test]
fn no_two_rows_are_the_same() {
    let every = places::every();
    for (at, place) in every.iter().enumerate() {
        let same =
            |other: &&Place| other.name == place.name && other.is_renewal == place.is_renewal;
        assert_eq!(every[at..].iter().filter(same).count(), 1, "{}", place.name);
    }
}
