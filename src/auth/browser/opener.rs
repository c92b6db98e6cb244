//! Opening the person's browser.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::sys::env::{Env, VARIABLES};

/// A program that fails after this time was the browser itself: no other one is tried.
const IS_RUNNING_AFTER: Duration = Duration::from_secs(5);

/// How a browser can be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Means {
    /// The commands of `BROWSER`, in its spelling: separated by `:`, `%s` is the address.
    Named(String),
    /// The desktop's opener.
    Desktop,
}

/// How a browser can be opened; `None` without a display.
pub(crate) fn means(env: &Env) -> Option<Means> {
    if let Some(browser) = env.text("BROWSER") {
        return Some(Means::Named(browser));
    }
    has_display(env, cfg!(any(windows, target_os = "macos"))).then_some(Means::Desktop)
}

/// Without a display server, a browser would open on the desktop and not for a user connected by ssh.
fn has_display(env: &Env, is_always_there: bool) -> bool {
    let says = |names: &[&str]| names.iter().any(|name| env.is_set(name));
    says(&["DISPLAY", "WAYLAND_DISPLAY"])
        || (is_always_there || says(&["WSL_DISTRO_NAME"])) && !says(&["SSH_CONNECTION"])
}

/// Opens `link` with the first program that accepts it, and does not wait. Other users can see `link` in the
/// list of processes: it must not contain a secret.
pub(crate) fn open(means: &Means, link: &str) {
    let commands = match means {
        Means::Named(browser) => named(browser, link),
        Means::Desktop => open::commands(link),
    };
    // The address is shown to the user: a browser that does not open is not a failure.
    let _ = std::thread::Builder::new().name("browser".to_owned()).spawn(move || {
        for command in commands {
            let started = Instant::now();
            let opened = alone(command).status().is_ok_and(|status| status.success());
            if opened || started.elapsed() > IS_RUNNING_AFTER {
                return;
            }
        }
    });
}

/// `BROWSER`, parsed as by xdg-open.
fn named(browser: &str, link: &str) -> Vec<Command> {
    browser.split(':').filter_map(|entry| command(entry, link)).collect()
}

fn command(entry: &str, link: &str) -> Option<Command> {
    let mut words = entry.split_whitespace();
    let mut command = Command::new(words.next()?);
    command.args(words.map(|word| word.replace("%s", link)));
    if !entry.contains("%s") {
        command.arg(link);
    }
    Some(command)
}

/// Without our secrets and streams, and in another process group, so that Ctrl-C does not end it.
fn alone(mut command: Command) -> Command {
    for name in VARIABLES.iter().filter(|name| name.starts_with("CONCUR_CRED_")) {
        command.env_remove(name);
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browser_is_a_list_of_commands_with_or_without_a_place_for_the_address() {
        let shown = |browser: &str| {
            let words = |command: &Command| {
                let args = command.get_args().map(|arg| arg.to_string_lossy().into_owned());
                let program = command.get_program().to_string_lossy().into_owned();
                std::iter::once(program).chain(args).collect::<Vec<_>>().join(" ")
            };
            named(browser, "http://l").iter().map(words).collect::<Vec<_>>()
        };
        assert_eq!(shown("firefox"), ["firefox http://l"]);
        assert_eq!(
            shown("firefox --new-tab:w3m %s -dump: "),
            ["firefox --new-tab http://l", "w3m http://l -dump"]
        );
        assert_eq!(shown(":"), [""; 0]);
    }

    #[test]
    fn a_browser_is_opened_only_where_somebody_sees_it() {
        let ssh = ("SSH_CONNECTION", "10.0.0.1 1 10.0.0.2 22");
        let (x, wayland, wsl) =
            (("DISPLAY", ":0"), ("WAYLAND_DISPLAY", "wayland-0"), ("WSL_DISTRO_NAME", "Debian"));
        for (variables, always_there, expected) in [
            (vec![], false, false),
            (vec![], true, true),
            (vec![x], false, true),
            (vec![wayland], false, true),
            (vec![wsl], false, true),
            (vec![ssh], true, false),
            (vec![ssh, wsl], false, false),
            (vec![ssh, x], false, true),
        ] {
            let env = Env::fixed(variables.clone());
            assert_eq!(has_display(&env, always_there), expected, "{variables:?}");
        }
        let named = Env::fixed([ssh, ("BROWSER", "w3m")]);
        assert_eq!(means(&named), Some(Means::Named("w3m".to_owned())));
    }
}
