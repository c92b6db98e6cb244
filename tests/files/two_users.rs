//! What another user of the machine can do to the user Anna, and what root does in her home.

use std::os::unix::fs::{MetadataExt, symlink};

use super::support::{text, tree};
use super::users::{ANNA, BERT, Users};
use crate::harness::set_mode;

#[test]
fn another_user_cannot_read_change_or_plant_files() {
    let Some(users) = Users::logged_in() else { return };
    users.world.expire("default");
    // The journal and files of the tests' own looks are root's.
    users.concur_as(ANNA, &["get"]).ok();
    let home = users.world.home();
    let before = tree(&home);
    assert!(before.len() > 8, "{before:?}");
    for (path, uid, mode, _) in &before {
        assert_eq!(*uid, ANNA, "{}", path.display());
        let word = text(path);
        let is_folder = path.is_dir();
        // There are no files between home and our own folders.
        assert_eq!(mode & 0o077, 0, "{}", path.display());
        let tries = if is_folder {
            ["ls '{}'", "touch '{}/x'", "mv '{}' '{}.x'", "ln -s /etc/passwd '{}/x'"]
        } else {
            ["cat '{}'", "echo x >>'{}'", "rm -f '{}'", "ln '{}' '{}.x'"]
        };
        for script in tries {
            let script = script.replace("{}", word);
            assert_ne!(users.sh_as(BERT, &script).code, Some(0), "{script}");
        }
    }
    assert_eq!(tree(&home), before);
}

#[test]
fn a_process_shows_another_user_neither_its_environment_nor_its_memory() {
    let Some(users) = Users::logged_in() else { return };
    users.world.expire("default");
    let gate = users.world.sandbox.hold_next_token_request();
    let running = users.concur_as(ANNA, &["get"]).env("CONCUR_CRED_TEST_X", "1").start();
    assert!(gate.wait_until_reached(std::time::Duration::from_secs(30)));
    // `timeout` waits for the program itself.
    let of_anna = users.sh_as(ANNA, &format!("pgrep -P {}", running.child.id()));
    let pid = of_anna.line();
    for script in [
        "cat /proc/{}/environ",
        "head -c 1 /proc/{}/mem",
        "cat /proc/{}/maps",
        "ls -l /proc/{}/fd/",
        "kill -USR1 {}",
        "kill -KILL {}",
    ] {
        let script = script.replace("{}", &pid);
        assert_ne!(users.sh_as(BERT, &script).code, Some(0), "{script}");
    }
    // Its name is public: it is the right process.
    assert_eq!(users.sh_as(BERT, &format!("cat /proc/{pid}/comm")).line(), "concur-cred");
    gate.release();
    running.wait().code(0);
}

#[test]
fn files_of_another_user_are_refused_and_their_owner_named() {
    let Some(users) = Users::logged_in() else { return };
    let home = users.world.home();
    // As far as her folders let him see them at all.
    let output = users.concur_as(BERT, &["get"]).fails(6);
    drop(output.says(&format!("belongs to another user (uid {ANNA}): run as that user")));
    let own = users.shared.join("of anna");
    users.sh_as(ANNA, &format!("mkdir -m 755 '{0}' && touch '{0}/store.db'", own.display()));
    set_mode(&own.join("store.db"), 0o644);
    let output = users.concur_as(BERT, &["get"]).env("CONCUR_CRED_HOME", &own).fails(6);
    let output = output.says(&format!("belongs to another user (uid {ANNA})"));
    assert!(output.hint().starts_with("Run as that user"), "{output:?}");
    let login = users.login().env("CONCUR_CRED_HOME", home.join("new")).output();
    assert_eq!(login.code, Some(0), "{login:?}");
}

#[test]
fn files_planted_in_a_shared_folder_are_not_used() {
    let Some(users) = Users::logged_in() else { return };
    let at = |name: &str| users.shared.join(name);
    let precious = users.world.home().join("precious");
    users.sh_as(ANNA, &format!("echo mine >'{0}'; chmod 600 '{0}'", precious.display()));
    symlink(&precious, at("link")).unwrap();
    let plant = format!(
        "cd '{}' && touch file && chmod 666 file && mkfifo -m 666 pipe && mkdir -m 777 folder && \
         ln -s '{}' of-bert && (ln '{1}' second || cp file second)",
        users.shared.display(),
        precious.display()
    );
    let planted = users.sh_as(BERT, &plant).code(0);
    drop(planted);
    std::fs::remove_file(at("link")).unwrap();
    let before = tree(&users.shared);
    for name in ["file", "pipe", "folder", "of-bert", "second"] {
        let path = at(name);
        let word = text(&path);
        let api = ["api", "/profile/identity/v4.1/Users", "--output", word];
        for args in [
            &["init", word][..],
            &["export", word],
            &["export", "--force", word],
            &["doctor", "--offline", "--report", word],
            &["login", "--credentials", word],
            &api,
        ] {
            let output = users.concur_as(ANNA, args).output();
            let code = output.code.unwrap();
            assert!([1, 2, 6].contains(&code), "{args:?}\n{output:?}");
        }
        let traced = users.concur_as(ANNA, &["get"]).env("CONCUR_CRED_TRACE", word).output();
        assert_eq!(traced.code, Some(6), "{name}\n{traced:?}");
        let home = users.login().env("CONCUR_CRED_HOME", word).output();
        assert_eq!(home.code, Some(6), "{name}\n{home:?}");
        assert_eq!(std::fs::read(&precious).unwrap(), b"mine\n", "{name}");
    }
    assert_eq!(tree(&users.shared), before, "what was planted is as it was");
}

#[test]
fn root_by_sudo_creates_and_takes_over_nothing_in_a_users_home() {
    let Some(users) = Users::new() else { return };
    let root = |args: &[&str]| {
        users.concur_as(0, args).env("SUDO_UID", ANNA.to_string()).env("SUDO_USER", "anna")
    };
    let origin = users.world.sandbox.origin().to_owned();
    let login = ["login", "--base-url", &origin];
    let home = || tree(&users.world.home());
    assert_eq!(home(), []);
    let credentials = users.world.work().join("credentials.json");
    // sudo's own credentials file, or the refusal would be that one's.
    std::os::unix::fs::chown(&credentials, Some(0), Some(0)).unwrap();
    root(&login).fails(6).says(&format!("uid {ANNA}")).says("without sudo");
    root(&["store"]).stdin("protocol=https\nhost=h\nusername=u\npassword=p\n\n").fails(6);
    assert_eq!(home(), [], "nothing is made");
    assert_eq!(users.world.token_requests(), 0, "nothing is spent");
    std::os::unix::fs::chown(&credentials, Some(ANNA), Some(ANNA)).unwrap();
    users.login().ok();
    users.world.expire("default");
    let before = home();
    let commands: [&[&str]; 9] = [
        &["get"],
        &["refresh"],
        &["keepalive"],
        &["status"],
        &["log"],
        &["logout"],
        &["use", "default"],
        &["export", "-"],
        &["doctor", "--offline", "--repair"],
    ];
    for args in commands {
        let output = root(args).output().code(6);
        let message = format!("{}{}", output.text(), output.stderr);
        assert!(message.contains(&format!("(uid {ANNA})")), "{output:?}");
        assert!(!message.contains("chown"), "chown by root would take it from her: {output:?}");
        assert_eq!(home(), before, "{args:?}");
    }
    assert_eq!(users.world.refreshes(), 0);
    users.concur_as(ANNA, &["get"]).ok();
}

#[test]
fn files_made_by_sudo_are_reported_with_the_chown_command() {
    let Some(users) = Users::logged_in() else { return };
    let state = users.world.state_dir();
    for (path, _, _, _) in tree(&state) {
        std::os::unix::fs::chown(&path, Some(0), Some(0)).unwrap();
    }
    std::os::unix::fs::chown(&state, Some(0), Some(0)).unwrap();
    set_mode(&state, 0o755);
    let output = users.concur_as(ANNA, &["log"]).fails(6).says("(uid 0)");
    let remedy = output.hint();
    let command = remedy.strip_prefix("If sudo made it, take it back: sudo ");
    let command = command.unwrap_or_else(|| panic!("{output:?}"));
    users.world.run("sh", ["-c", command]).ok();
    set_mode(&state, 0o700);
    users.concur_as(ANNA, &["get"]).ok();
    assert_eq!(state.metadata().unwrap().uid(), ANNA);
}
