//! A store file that was truncated to zero bytes.

use std::fs;

use crate::harness::{World, set_mode};

/// Every command, and its message.
#[test]
fn an_emptied_store_is_reported_and_not_recreated() {
    let world = World::logged_in();
    let whole = fs::read(world.store_file()).unwrap();
    // Cut off, and a database without a table.
    let tables = "PRAGMA foreign_keys = OFF; DROP TABLE record; DROP TABLE application; \
                  DROP TABLE meta; VACUUM";
    for cut in [true, false] {
        fs::write(world.store_file(), &whole).unwrap();
        if cut {
            fs::write(world.store_file(), b"").unwrap();
        } else {
            world.database().execute_batch(tables).unwrap();
        }
        let before = fs::read(world.store_file()).unwrap();
        let login = ["login", "--credentials", "credentials-default.json"];
        let ways: [&[&str]; 15] = [
            &["get"],
            &["token"],
            &["status"],
            &["status", "--json"],
            &["refresh"],
            &["keepalive"],
            &["export", "-"],
            &["api", "/x"],
            &["use", "default"],
            &["rename", "default", "other"],
            &["logout"],
            &["key", "show-source"],
            &["key", "set-source", "environment"],
            &["key", "rotate"],
            &login,
        ];
        for way in ways {
            world.concur(way).fails(6).says("is empty").says("backup");
            assert_eq!(fs::read(world.store_file()).unwrap(), before, "{way:?}");
        }
        let git = world.helper(["get"]).stdin(world.request("")).fails(6);
        drop(git.says("is empty"));
        let entry = "protocol=https\nhost=h.example\nusername=u\npassword=p\n\n";
        drop(world.helper(["store"]).stdin(entry).fails(6).says("is empty"));
        for doctor in [&["doctor", "--offline"][..], &["doctor", "--offline", "--repair"]] {
            let output = world.concur(doctor).output().code(6);
            assert!(output.text().contains("is empty"), "{output:?}");
        }
        assert_eq!(fs::read(world.store_file()).unwrap(), before);
    }
    // The suggested fix works.
    let failed = world.concur(["get"]).fails(6);
    let command = failed.stderr.split_once("none: ").unwrap().1.split_once(", and").unwrap().0;
    drop(world.run("sh", ["-c", command]).ok());
    drop(world.login("default", &world.sandbox.app().clone()));
    drop(world.concur(["get"]).ok().silent());
}

/// Without the row that identifies the store no other row can be opened: the store is damaged, not empty.
#[test]
fn a_store_without_its_meta_row_is_damaged() {
    let world = World::logged_in();
    // Nor with a version that no store has: its profiles are not lost.
    for edit in ["UPDATE meta SET schema_version = 0", "UPDATE meta SET schema_version = -1"] {
        world.database().execute_batch(edit).unwrap();
        drop(world.concur(["get"]).fails(6).says("was edited or damaged").says("--repair"));
        let doctor = world.concur(["doctor", "--offline"]).output().code(6);
        assert!(doctor.text().contains("was edited or damaged"), "{doctor:?}");
        assert!(!doctor.text().contains("lost"), "{doctor:?}");
    }
    world.database().execute_batch("DELETE FROM meta").unwrap();
    let login = ["login", "--credentials", "credentials-default.json"];
    let ways: [&[&str]; 8] = [
        &["get"],
        &["status"],
        &["refresh"],
        &["keepalive"],
        &["export", "-"],
        &["use", "default"],
        &["logout"],
        &login,
    ];
    for way in ways {
        drop(world.concur(way).fails(6).says("was edited or damaged").says("backup"));
    }
    drop(world.helper(["get"]).stdin(world.request("")).fails(6).says("was edited or damaged"));
}

/// A first run that was killed before it created anything counts as none.
#[test]
fn an_empty_file_where_nothing_was_stored_becomes_the_store() {
    let world = World::new();
    fs::create_dir_all(world.state_dir()).unwrap();
    set_mode(&world.state_dir(), 0o700);
    fs::write(world.store_file(), b"").unwrap();
    set_mode(&world.store_file(), 0o600);
    drop(world.concur(["get"]).fails(3));
    drop(world.helper(["get"]).stdin(world.request("")).ok().silent());
    drop(world.login("default", &world.sandbox.app().clone()));
    drop(world.concur(["get"]).ok().silent());
}
