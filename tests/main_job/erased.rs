//! Replaced and removed values are overwritten in the files, although they were sealed: an attacker who
//! obtains the key later must not find old secrets.

use std::path::Path;

use concur_sandbox::{Config, Rotation};

use super::support::tree;
use crate::harness::World;

const COLUMNS: &str = "access_token, refresh_token, id_token, request_token";

/// The sealed cells of a profile, or of stored credentials.
fn cells(world: &World, profile: &str) -> Vec<Vec<u8>> {
    let database = world.database();
    let sql = format!("SELECT {COLUMNS} FROM record WHERE ifnull(profile, '') = ?1");
    let mut found: Vec<Option<Vec<u8>>> =
        database.query_row(&sql, [profile], |row| (0..4).map(|at| row.get(at)).collect()).unwrap();
    if !profile.is_empty() {
        let sql = "SELECT client_secret FROM application a JOIN record r \
                   ON r.application_id = a.id WHERE profile = ?1";
        found.push(database.query_row(sql, [profile], |row| row.get(0)).unwrap());
    }
    found.into_iter().flatten().collect()
}

/// How many of these cells are in the files, found by a piece of their ciphertext.
fn left(world: &World, cells: &[Vec<u8>]) -> usize {
    let files: Vec<Vec<u8>> = tree(&world.home())
        .iter()
        .filter(|path| path.is_file())
        .map(|path: &std::path::PathBuf| std::fs::read(Path::new(path)).unwrap())
        .collect();
    let stands = |cell: &&Vec<u8>| {
        let piece = &cell[33..49];
        files.iter().any(|file| file.windows(piece.len()).any(|part| part == piece))
    };
    cells.iter().filter(stands).count()
}

fn world() -> World {
    let rotation = Rotation::NewRevokeFamily;
    let world = World::logged_in_with(Config { rotation, ..Config::default() });
    world.login("other", &world.sandbox.app().clone());
    world
}

#[test]
fn a_refresh_leaves_no_bytes_of_the_previous_tokens() {
    let world = world();
    let before = cells(&world, "other");
    assert_eq!(left(&world, &before), before.len());
    drop(world.concur(["refresh", "--profile", "other"]).ok());
    let after = cells(&world, "other");
    let replaced: Vec<_> = before.into_iter().filter(|cell| !after.contains(cell)).collect();
    assert!(replaced.len() >= 3, "all tokens were in the files");
    assert_eq!(left(&world, &replaced), 0);
}

#[test]
fn a_logout_leaves_no_bytes_of_the_tokens() {
    let world = world();
    let all = cells(&world, "other");
    assert_eq!((all.len(), left(&world, &all)), (5, 5));
    drop(world.concur(["logout", "--profile", "other"]).ok());
    let (secret, tokens) = all.split_last().unwrap();
    assert_eq!(left(&world, tokens), 0);
    // The application is the other profile's, too.
    assert_eq!(left(&world, std::slice::from_ref(secret)), 1);
    drop(world.concur(["logout", "--profile", "default"]).ok());
    assert_eq!(left(&world, &all), 0);
}

#[test]
fn a_credential_that_git_rejects_leaves_no_bytes() {
    let world = world();
    let entry = "protocol=https\nhost=git.example\nusername=me\n";
    let whole = format!("{entry}password=secret-of-git\noauth_refresh_token=and-another\n\n");
    drop(world.helper(["store"]).stdin(whole).ok());
    let all = cells(&world, "");
    assert_eq!((all.len(), left(&world, &all)), (2, 2));
    drop(world.helper(["erase"]).stdin(format!("{entry}\n")).ok());
    assert_eq!(left(&world, &all), 0);
}
