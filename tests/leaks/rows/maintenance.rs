//! Maintenance of the installation.

use concur_sandbox::Fault;

use super::super::scene::odd;
use super::tokens::{proxy, wrong_settings};
use super::{Row, row};

pub(super) const ROWS: &[Row] = &[
    row("init", 0, "a blank file", |s| s.code(&["init", "new.json"])),
    row("init", 2, "where a filled one is", |s| s.code(&["init"])),
    row("log", 0, "for people and for scripts, after a refusal", |s| {
        s.fault(Fault::Code(136));
        let _ = s.run(&["refresh"]).code(4);
        let _ = s.run(&["log"]).code(0);
        s.code(&["log", "--json"])
    }),
    row("log", 6, "the settings are wrong, and a secret is among them", |s| {
        wrong_settings(s, &["log"])
    }),
    row("doctor", 0, "all is well, with a proxy", |s| {
        proxy(s, "CONCUR_CRED_PROXY");
        let _ = s.code(&["doctor", "--json"]);
        let _ = s.code(&["doctor", "--report", "report.txt"]);
        let _ = s.code(&["doctor", "--repair", "--offline"]);
        s.code(&["doctor", "--offline"])
    }),
    row("doctor", 6, "a damaged store, which is repaired and kept beside", |s| {
        let spoil = "UPDATE record SET access_token = refresh_token WHERE profile = 'default'";
        s.world.database().execute(spoil, []).unwrap();
        let _ = s.code(&["doctor", "--offline"]);
        let _ = s.code(&["doctor", "--offline", "--repair"]);
        let bytes = std::fs::read(s.world.store_file()).unwrap();
        std::fs::write(s.world.store_file(), &bytes[..bytes.len() / 2]).unwrap();
        let _ = s.code(&["doctor", "--offline", "--repair"]);
        s.code(&["doctor", "--offline"])
    }),
    row("doctor", 6, "the settings are wrong, and a secret is among them", |s| {
        wrong_settings(s, &["doctor", "--offline", "--report", "-"])
    }),
    row("config show", 0, "with a proxy and its password, from the file", |s| {
        let password = odd("pr0xy");
        s.secrets.add("proxy password", &password);
        let quoted: String = url::form_urlencoded::byte_serialize(password.as_bytes()).collect();
        let quoted = quoted.replace('+', "%20");
        s.configure(&format!("proxy = \"http://me:{quoted}@proxy.example:3128\"\n"));
        let _ = s.run(&["config", "show"]).code(0);
        s.env("CONCUR_CRED_CLIENT_SECRET", s.world.sandbox.app().client_secret.clone());
        s.code(&["config", "show", "--json"])
    }),
    row("config show", 6, "a proxy with a password that is no URL", |s| {
        let password = odd("pr0xy");
        s.secrets.add("proxy password", &password);
        s.env("CONCUR_CRED_PROXY", format!("http://me:{password}@:x/"));
        s.code(&["config", "show"])
    }),
    row("config show", 6, "the settings are wrong, and a secret is among them", |s| {
        wrong_settings(s, &["config", "show"])
    }),
    row("config path", 0, "whatever is in it", |s| {
        let _ = wrong_settings(s, &["config", "path"]);
        s.code(&["config", "path"])
    }),
    row("config path", 6, "there is no home", |s| {
        s.env("HOME", "");
        s.code(&["config", "path"])
    }),
    row("config set", 0, "and unset, beside a proxy with its password", |s| {
        let password = odd("pr0xy");
        s.secrets.add("proxy password", &password);
        let quoted: String = url::form_urlencoded::byte_serialize(password.as_bytes()).collect();
        let quoted = quoted.replace('+', "%20");
        s.configure(&format!("proxy = \"http://me:{quoted}@proxy.example:3128\"\n"));
        let _ = s.run(&["config", "set", "min_ttl", "5m"]).code(0);
        let _ = s.run(&["config", "unset", "min_ttl"]).code(0);
        s.code(&["config", "set", "min_ttl", "5m"])
    }),
    row("config set", 6, "the settings are wrong, and a secret is among them", |s| {
        wrong_settings(s, &["config", "set", "min_ttl", "5m"])
    }),
    row("config unset", 0, "beside other keys", |s| {
        s.configure("min_ttl = 60\nlock_timeout = 60\n");
        s.code(&["config", "unset", "min_ttl"])
    }),
    row("config unset", 6, "the settings are wrong, and a secret is among them", |s| {
        wrong_settings(s, &["config", "unset", "min_ttl"])
    }),
    row("configure-git", 0, "and undone", |s| {
        s.env("CONCUR_CRED_CLIENT_SECRET", s.world.sandbox.app().client_secret.clone());
        let _ = s.run(&["configure-git", "--print"]).code(0);
        let _ = s.run(&["configure-git"]).code(0);
        s.code(&["configure-git", "--unset"])
    }),
    row("configure-git", 1, "in a folder that is no repository", |s| {
        s.code(&["configure-git", "--local"])
    }),
    row("completions", 0, "a script, and the names", |s| {
        let _ = s.run(&["completions", "bash"]).code(0);
        s.code(&["completions", "--list", "profiles"])
    }),
    row("completions", 2, "a shell that is none", |s| {
        let word = format!("{}-{}", uuid::Uuid::new_v4(), "shell");
        s.secrets.add("secret as a stray word of the command line", &word);
        s.code(&["completions", &word])
    }),
];
