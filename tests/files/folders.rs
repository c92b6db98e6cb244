//! Our folders, and the folders above them.

use std::os::unix::fs::symlink;
use std::path::Path;

use super::support::{is_root, text, timed, tree};
use crate::harness::{Output, World, mode, set_mode};

fn login(world: &World) -> crate::harness::Run {
    world.write("credentials.json", world.sandbox.credentials_json());
    let origin = world.sandbox.origin().to_owned();
    timed(world, &["login", "--base-url", &origin])
}

fn at(world: &World, home: &Path, args: &[&str]) -> crate::harness::Run {
    timed(world, args).env("CONCUR_CRED_HOME", home)
}

/// A folder that all users could enter if the world's folder were not private.
fn open_world() -> World {
    let world = World::new();
    set_mode(world.home().parent().unwrap(), 0o755);
    set_mode(&world.home(), 0o755);
    world
}

#[test]
fn a_shared_folder_is_refused_and_its_mode_is_never_changed() {
    let world = open_world();
    let tmp = world.work().join("tmp");
    std::fs::create_dir(&tmp).unwrap();
    set_mode(&tmp, 0o1777);
    let etc = world.work().join("etc");
    std::fs::create_dir(&etc).unwrap();
    std::fs::write(etc.join("passwd"), "").unwrap();
    set_mode(&etc, 0o755);
    for folder in [&tmp, &etc] {
        let was = mode(folder);
        let output = login(&world).env("CONCUR_CRED_HOME", folder).fails(6);
        let own = folder.join("concur-cred");
        assert!(!output.stderr.contains("chmod"), "{output:?}");
        let remedy = output.hint();
        assert!(remedy.ends_with(&format!("CONCUR_CRED_HOME={}", word(&own))), "{output:?}");
        assert_eq!(world.token_requests(), 0);
        at(&world, folder, &["doctor", "--offline", "--repair"]).output().code(6).silent();
        assert_eq!(mode(folder), was, "repair changes no shared folder");
        assert!(!own.exists());
    }
    // The suggested remedy works.
    login(&world).env("CONCUR_CRED_HOME", tmp.join("concur-cred")).ok().silent_but_for_login();
    at(&world, &tmp.join("concur-cred"), &["get"]).ok().silent();
}

fn word(path: &Path) -> String {
    format!("'{}'", text(path))
}

trait Silence {
    fn silent_but_for_login(self);
}

impl Silence for Output {
    fn silent_but_for_login(self) {
        assert!(!self.stderr.contains("can replace this folder"), "{self:?}");
    }
}

#[test]
fn a_path_with_a_world_writable_folder_is_refused_before_a_token_is_spent() {
    let world = open_world();
    let between = world.home().join(".local");
    std::fs::create_dir(&between).unwrap();
    set_mode(&between, 0o777);
    let output = login(&world).fails(6).says("all users can replace this folder");
    assert_eq!(world.token_requests(), 0);
    assert_eq!(tree(&world.home()).len(), 1, "nothing is made");
    let import =
        timed(&world, &["store"]).stdin("protocol=https\nhost=h\nusername=u\npassword=p\n\n");
    drop(import.fails(6));
    let doctor = timed(&world, &["doctor", "--offline"]).output().code(6);
    assert!(doctor.text().contains("FAIL  surroundings"), "{doctor:?}");
    let remedy = output.hint().strip_prefix("Run: ").unwrap();
    world.run("sh", ["-c", remedy]).ok();
    assert_eq!(mode(&between), 0o775, "{remedy}");
    set_mode(&between, 0o755);
    login(&world).ok();
    // Existing data is still served: an attacker who swaps the folder has no file that we own.
    set_mode(&between, 0o777);
    timed(&world, &["get"]).ok().silent();
}

#[test]
fn the_target_path_of_a_symlink_is_checked_too() {
    let world = open_world();
    let disk = world.work().join("disk");
    std::fs::create_dir_all(disk.join("mine")).unwrap();
    set_mode(&disk, 0o777);
    set_mode(&disk.join("mine"), 0o755);
    symlink(disk.join("mine"), world.home().join(".local")).unwrap();
    login(&world).fails(6).says(text(&disk));
    set_mode(&disk, 0o1777);
    login(&world).ok();
    timed(&world, &["get"]).ok().silent();
}

#[test]
fn nothing_is_checked_below_a_private_folder() {
    let world = open_world();
    set_mode(&world.home(), 0o700);
    std::fs::create_dir(world.home().join(".local")).unwrap();
    set_mode(&world.home().join(".local"), 0o777);
    let output = login(&world).ok();
    assert!(!output.stderr.contains("another folder"), "{output:?}");
}

#[test]
fn a_folder_that_its_owner_cannot_search_or_write_is_reported() {
    if is_root() {
        // Permission bits do not bind root; the same as another user is in `two_users`.
        return;
    }
    let world = World::new();
    std::fs::create_dir_all(world.state_dir()).unwrap();
    for mode in [0o000, 0o600, 0o500] {
        set_mode(&world.state_dir(), mode);
        let output = login(&world).output();
        assert_eq!(output.code, Some(6), "{mode:o}\n{output:?}");
        assert!(output.stderr.contains("ermission"), "{mode:o}\n{output:?}");
        assert_eq!(world.token_requests(), 0, "{mode:o}");
    }
    set_mode(&world.state_dir(), 0o700);
    login(&world).ok();
}

#[test]
fn a_setgid_bit_grants_no_access() {
    let world = World::new();
    std::fs::create_dir_all(world.state_dir()).unwrap();
    set_mode(&world.state_dir(), 0o2700);
    login(&world).ok();
    timed(&world, &["get"]).ok().silent();
    for (path, _, mode, _) in tree(&world.state_dir()) {
        assert_eq!(mode & 0o077, 0, "{}", path.display());
    }
}

#[test]
fn units_are_not_installed_in_a_world_writable_folder() {
    let world = World::logged_in();
    let systemctl = world.bin().join("systemctl");
    symlink("/bin/true", &systemctl).unwrap();
    let folder = world.home().join(".config/systemd/user");
    let install = || timed(&world, &["keepalive", "--install", "systemd"]);
    world
        .run(
            "sh",
            ["-c", "umask 000; exec \"$0\" keepalive --install systemd", crate::harness::BINARY],
        )
        .ok();
    assert_eq!(mode(&folder), 0o700, "made for its owner, whatever the umask");
    set_mode(&folder, 0o777);
    let output = install().fails(6).says("All users can replace");
    let remedy = output.hint().strip_prefix("Run: ").unwrap().to_owned();
    world.run("sh", ["-c", &remedy]).ok();
    install().ok();
}

#[test]
fn a_folder_of_ours_that_others_can_look_into_is_closed_with_a_note() {
    let world = open_world();
    let (config, other) = (world.config_dir(), world.config_dir().join("notes.txt"));
    std::fs::create_dir_all(&config).unwrap();
    std::fs::write(config.join("config.toml"), "").unwrap();
    set_mode(&config, 0o755);
    std::fs::write(&other, "").unwrap();
    drop(login(&world).fails(6).says("Others have access"));
    assert_eq!(mode(&config), 0o755, "there is something of others in it");
    std::fs::remove_file(&other).unwrap();
    drop(login(&world).ok().says(&format!("closed {} to other users", config.display())));
    assert_eq!(mode(&config), 0o700);
    set_mode(&config, 0o770);
    drop(world.concur(["login"]).output().code(6).says("Others have access"));
}
