//! Completion scripts, run in their shells.

use std::process::Command;

use crate::harness::{BINARY, Run, World};

/// A world with the profiles `acme` and `globex`, and a file that is neither.
fn two_profiles() -> World {
    let world = World::new();
    let other = world.sandbox.add_company();
    drop(world.login("acme", &world.sandbox.app().clone()));
    drop(world.login("globex", &other));
    world.write("acorn.json", "{}");
    world
}

fn script(world: &World, shell: &str) -> String {
    let output = world.concur(["completions", shell]).ok().silent();
    let file = world.write(&format!("completions.{shell}"), &output.stdout);
    file.to_str().unwrap().to_owned()
}

/// Whether a shell is installed; prints a message if not.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn is_there(shell: &str) -> bool {
    let found = Command::new(shell).arg("--version").output().is_ok();
    if !found {
        eprintln!("skipped: there is no {shell}");
    }
    found
}

#[test]
fn completion_scripts_are_complete_and_list_the_commands() {
    let world = World::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = world.concur(["completions", shell]).ok().silent();
        for word in ["get", "doctor", "min-ttl"] {
            assert!(script.text().contains(word), "{shell}: {word}");
        }
    }
    assert_eq!(std::fs::read_dir(world.home()).unwrap().count(), 0, "nothing is made");
}

#[test]
fn the_names_are_listed_one_a_line() {
    let world = two_profiles();
    let list = |what| world.concur(["completions", "--list", what]).ok().silent();
    assert_eq!(list("profiles").text(), "acme\nglobex\n");
    assert_eq!(list("applications").text(), "acme\n", "one application of two companies");
    assert!(list("data-centres").text().contains("\nus2\n"));
    let both = world.concur(["completions", "bash", "--list", "profiles"]).output().code(2);
    assert!(both.text().is_empty());
}

#[test]
fn a_list_never_fails_writes_or_asks_the_service() {
    let world = World::new();
    let list = || world.concur(["completions", "--list", "profiles"]);
    assert_eq!(list().ok().silent().text(), "");
    assert_eq!(std::fs::read_dir(world.home()).unwrap().count(), 0, "nothing is made");
    drop(world.login("acme", &world.sandbox.app().clone()));
    world.expire("acme");
    let asked = world.token_requests();
    assert_eq!(list().ok().silent().text(), "acme\n");
    assert_eq!(world.token_requests(), asked);
    std::fs::write(world.config_dir().join("config.toml"), "no = such\nkey").unwrap();
    assert_eq!(list().ok().silent().text(), "acme\n", "another command reports a wrong setting");
    std::fs::write(world.store_file(), "no database").unwrap();
    assert_eq!(list().ok().silent().text(), "");
    assert_eq!(list().without_env("HOME").ok().silent().text(), "");
}

/// An edited store must not run commands in a shell that completes a word.
#[test]
fn a_name_that_a_shell_could_execute_is_not_listed() {
    let world = two_profiles();
    for (table, column, what) in
        [("application", "name", "applications"), ("record", "profile", "profiles")]
    {
        let edit =
            format!("UPDATE {table} SET {column} = 'a$(touch pwned)' WHERE {column} = 'acme'");
        assert_eq!(world.database().execute(&edit, []).unwrap(), 1);
        let list = world.concur(["completions", "--list", what]).ok().silent();
        assert_eq!(list.text(), "", "{what}");
    }
}

/// What bash offers for the last of these words.
fn bash(world: &World, file: &str, words: &[&str]) -> String {
    let last = words.len() - 1;
    let (typed, before) = (words[last], words[last - 1]);
    let call = format!(
        "source \"$SCRIPT\" && COMP_WORDS=({}) && COMP_CWORD={last} && \
         _concur_cred_or_names concur-cred '{typed}' '{before}'; echo \"${{COMPREPLY[*]}}\"",
        words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" ")
    );
    world.run("bash", ["-c", &call]).env("SCRIPT", file).ok().silent().line()
}

#[test]
fn bash_completes_commands_options_and_names() {
    let world = two_profiles();
    let file = script(&world, "bash");
    let registered = "source \"$SCRIPT\" && complete -p concur-cred";
    let run = world.run("bash", ["-c", registered]).env("SCRIPT", &file);
    assert!(run.ok().silent().text().contains("-F _concur_cred_or_names"));
    for (words, expected) in [
        (&["concur-cred", "stat"][..], "status"),
        (&["concur-cred", "get", "--min"], "--min-ttl"),
        (&["concur-cred", "configure-git", "--un"], "--unset"),
        (&["concur-cred", "get", "--format", "po"], "powershell"),
        (&["concur-cred", "token", "--profile", ""], "acme globex"),
        (&["concur-cred", "token", "--profile", "ac"], "acme"),
        (&["concur-cred", "token", "--profile", "=", "ac"], "acme"),
        (&["concur-cred", "token", "--profile", "="], "acme globex"),
        (&["concur-cred", "--profile", "gl"], "globex"),
        (&["concur-cred", "use", "g"], "globex"),
        (&["concur-cred", "rename", "a"], "acme"),
        (&["concur-cred", "store", "--application", "a"], "acme"),
        (&["concur-cred", "login", "--base-url", "us2"], "us2"),
        // A profile called use is not the command.
        (&["concur-cred", "--profile", "use", "g"], ""),
    ] {
        assert_eq!(bash(&world, &file, words), expected, "{words:?}");
    }
}

/// zsh must believe that a person types. A key after the tabulator shows the resulting line.
const TYPED: &str = r#"
zmodload zsh/zpty
zpty typist zsh -f -i
zpty -w typist "PS1= RPS1= PROMPT_EOL_MARK=; unsetopt zle_bracketed_paste
    autoload -Uz compinit && compinit -D -u && source ${(q)SCRIPT}
    bindkey '^I' complete-word
    shown() { print -r -- \"<<\$BUFFER>>\"; BUFFER=; zle .accept-line }
    zle -N shown && bindkey '^X' shown; print -r -- REA''DY"
zpty -r typist heard '*READY*'
zpty -w -n typist "$1"$'\t\x18'
zpty -r typist heard '*<<*>>*'
print -r -- "${${heard##*<<}%%>>*}"
zpty -d typist
"#;

#[test]
fn zsh_completes_commands_options_and_names() {
    if !is_there("zsh") {
        return;
    }
    let world = two_profiles();
    let file = script(&world, "zsh");
    let lines = [
        ("concur-cred stat", "concur-cred status "),
        ("concur-cred get --min", "concur-cred get --min-ttl="),
        ("concur-cred get --format=po", "concur-cred get --format=powershell "),
        ("concur-cred token --profile ac", "concur-cred token --profile acme "),
        ("concur-cred --profile=gl", "concur-cred --profile=globex "),
        ("concur-cred use g", "concur-cred use globex "),
        ("concur-cred token g", "concur-cred token globex "),
        ("concur-cred rename a", "concur-cred rename acme "),
        ("concur-cred store --application a", "concur-cred store --application acme "),
        ("concur-cred login --base-url us2", "concur-cred login --base-url us2 "),
        ("concur-cred export aco", "concur-cred export acorn.json "),
    ];
    let (world, file) = (&world, &file);
    std::thread::scope(|scope| {
        for (typed, expected) in lines {
            scope.spawn(move || {
                let run = world.run("zsh", ["-f", "-c", TYPED, "zsh", typed]).env("SCRIPT", file);
                let shown = run.env("TERM", "dumb").ok();
                assert_eq!(shown.line(), expected, "{typed:?}\n{shown:?}");
            });
        }
    });
}

#[test]
fn fish_completes_commands_options_and_names() {
    if !is_there("fish") {
        return;
    }
    let world = two_profiles();
    let file = script(&world, "fish");
    for (typed, expected) in [
        ("concur-cred stat", &["status"][..]),
        ("concur-cred get --min", &["--min-ttl"]),
        ("concur-cred get --format po", &["powershell"]),
        ("concur-cred token --profile ", &["acme", "globex"]),
        ("concur-cred --profile=gl", &["--profile=globex"]),
        ("concur-cred use ", &["acme", "globex"]),
        ("concur-cred rename a", &["acme"]),
        ("concur-cred store --application a", &["acme"]),
        ("concur-cred login --base-url us2", &["us2"]),
        ("concur-cred export aco", &["acorn.json"]),
    ] {
        let ask = "source $SCRIPT; complete -C $argv[1]";
        let run: Run = world.run("fish", ["--no-config", "-c", ask, typed]).env("SCRIPT", &file);
        let output = run.ok().silent();
        let offered: Vec<&str> =
            output.text().lines().filter_map(|line| line.split('\t').next()).collect();
        assert_eq!(offered, expected, "{typed:?}");
    }
}

/// Most test machines have no PowerShell.
#[test]
fn powershell_completes_names_before_commands() {
    let world = World::new();
    let script = world.concur(["completions", "powershell"]).ok().silent();
    let (head, body) = script.text().split_once("$commandElements = ").unwrap();
    assert!(head.contains("param($wordToComplete, $commandAst, $cursorPosition)\n\n    # What"));
    for line in [
        "'--profile' { 'profiles' }",
        "'--application' { 'applications' }",
        "'--base-url' { 'data-centres' }",
        "'use' { 'profiles' }",
        "'rename' { 'profiles' }",
        "& concur-cred completions --list $list 2>$null |",
    ] {
        assert!(head.contains(line), "{line}");
    }
    assert!(body.contains("'concur-cred;configure-git' {"));
}

/// The program is found by its name, as the scripts call it.
#[test]
fn the_scripts_call_the_program_that_is_on_path() {
    assert!(std::path::Path::new(BINARY).file_stem().is_some_and(|stem| stem == "concur-cred"));
    let world = World::new();
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let script = world.concur(["completions", shell]).ok().silent();
        assert_eq!(script.text().matches("completions --list").count(), 1, "{shell}");
    }
}
