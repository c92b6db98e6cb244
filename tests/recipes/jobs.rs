//! cron and monitoring: the lines run as cron and an agent run them.

use concur_sandbox::Fault;

use super::recipe::{Recipe, executable};
use crate::harness::{BINARY, Output, World, moment};

/// The commands of a crontab; its times must be times.
fn commands(crontab: &str) -> Vec<String> {
    let is_setting =
        |line: &&str| line.split_once('=').is_some_and(|(name, _)| !name.contains(' '));
    let lines = crontab.lines().filter(|line| !line.is_empty() && !is_setting(line));
    lines
        .map(|line| {
            let mut rest = line;
            for _ in 0..5 {
                let (time, after) = rest.split_once(char::is_whitespace).unwrap();
                let is_time = |c: char| c.is_ascii_digit() || "*/,-".contains(c);
                assert!(!time.is_empty() && time.chars().all(is_time), "{time:?} in {line}");
                rest = after.trim_start();
            }
            assert!(!rest.contains('%'), "cron would end the line there: {line}");
            rest.to_owned()
        })
        .collect()
}

/// Runs a command in cron's environment.
fn cron(world: &World, command: &str) -> Output {
    let run = world.run("/bin/sh", ["-c", command]).in_folder(world.home());
    let run = run.env("PATH", "/usr/bin:/bin").env("SHELL", "/bin/sh").env("LOGNAME", "someone");
    run.without_env("TZ").without_env("GIT_CONFIG_NOSYSTEM").output()
}

#[test]
fn the_crontabs_lines_refresh_and_report_in_crons_environment() {
    let recipe = Recipe::open("cron.md", &["crontab", "concur-report"]);
    let world = World::logged_in();
    executable(&world.home().join("bin/concur-report"), &recipe.text("concur-report", &world));
    std::fs::create_dir_all(world.home().join(".cargo/bin")).unwrap();
    std::os::unix::fs::symlink(BINARY, world.home().join(".cargo/bin/concur-cred")).unwrap();
    let crontab = recipe.text("crontab", &world);
    let [keep, report]: [String; 2] = commands(&crontab).try_into().unwrap();

    let idle = "UPDATE record SET refreshed_at = refreshed_at - 2 * 86400";
    assert_eq!(world.database().execute(idle, []).unwrap(), 1);
    let output = cron(&world, &keep).code(0).silent();
    assert_eq!((output.text(), world.refreshes()), ("", 1), "nothing to mail\n{output:?}");

    world.expire("default");
    let output = cron(&world, &report).code(0).silent();
    assert_eq!((output.text(), world.refreshes()), ("", 2), "it refreshed by itself\n{output:?}");
    let file = world.home().join("report.json");
    let written = std::fs::read(&file).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&written).unwrap();
    assert_eq!(json["Items"].as_array().unwrap().len(), 40);

    world.sandbox.fault_always_at("/api/v3.0", Fault::service_unavailable());
    let output = cron(&world, &report);
    assert!(output.code != Some(0) && !output.stderr.is_empty(), "cron mails it\n{output:?}");
    assert_eq!(std::fs::read(&file).unwrap(), written, "yesterday's report is still there");
}

#[test]
fn the_check_reports_the_worst_profile_and_mails_only_on_problems() {
    let recipe = Recipe::open("monitoring.md", &["check", "mail"]);
    let world = World::new();
    assert!(recipe.run("check", &world).output().code(3).text().starts_with("CONCUR UNKNOWN"));
    world.login("default", &world.sandbox.app().clone());
    assert!(recipe.run("check", &world).ok().text().starts_with("CONCUR OK - "));
    assert_eq!(recipe.run("mail", &world).ok().silent().text(), "");
    for (days, code, word) in [(20, 1, "WARNING"), (5, 2, "CRITICAL")] {
        let left = "UPDATE record SET refresh_expires_at = ?2 + ?1 * 86400 + 43200";
        assert_eq!(world.database().execute(left, [days, moment::now()]).unwrap(), 1);
        let line = recipe.run("check", &world).output().code(code).line();
        assert!(line.starts_with(&format!("CONCUR {word} - ")), "{line}");
        assert_eq!(recipe.run("mail", &world).ok().line(), line, "cron mails it");
    }
    assert_eq!(world.token_requests(), 1, "the login; the check sends no request");
}
