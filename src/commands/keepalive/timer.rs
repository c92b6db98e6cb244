//! `keepalive --install` and `--uninstall`: a daily job in systemd or cron.

use std::path::Path;

use crate::cli::{Keepalive, Scheduler};
use crate::error::{Error, Kind, Result};
use crate::integrations::timer::{self, Job, cron, systemd};
use crate::store::keys::KeySource;
use crate::sys::files::{self, shell_word};
use crate::sys::random;
use crate::ui::context::Context;

/// The default of the job's random delay, seconds, so that not all machines send requests in the same minute.
const DEFAULT_JITTER_SECS: i64 = 1800;

/// Settings that are copied into the job, because a scheduler starts it with almost no environment. None of
/// them may contain a secret, because the job's file can be read.
const PASSED_ON: [&str; 6] = [
    "CONCUR_CRED_ALLOWED_ORIGINS",
    "CONCUR_CRED_HTTP_TIMEOUT",
    "CONCUR_CRED_KEEPALIVE_AFTER",
    "CONCUR_CRED_LOCK_TIMEOUT",
    "CONCUR_CRED_WARN_BEFORE",
    "TZ",
];
/// The same for paths, which are made absolute.
const PATHS_PASSED_ON: [&str; 7] = [
    "CONCUR_CRED_HOME",
    "CONCUR_CRED_CONFIG",
    "CONCUR_CRED_KEY_FILE",
    "CONCUR_CRED_CA_BUNDLE",
    "CONCUR_CRED_CLIENT_CERT",
    "XDG_CONFIG_HOME",
    "XDG_STATE_HOME",
];

/// Settings that may contain a password.
const PROXIES: [&str; 5] =
    ["CONCUR_CRED_PROXY", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

pub(super) fn install(
    context: &mut Context<'_>,
    args: &Keepalive,
    scheduler: Scheduler,
) -> Result<u8> {
    let program = timer::own_program()?;
    refuse_elsewhere(scheduler, &program)?;
    let source = key_source(context);
    let job = job(context, args, &program, source)?;
    if let Some(lacks) = lacks_of_key(context, source) {
        context.note(lacks);
    }
    if let Some(name) = PROXIES.into_iter().find(|name| context.env.is_set(name)) {
        context.note(&format!(
            "{name} is not passed on to the job, because it may hold a password: without it the \
             job uses no proxy"
        ));
    }
    match scheduler {
        Scheduler::Systemd => install_timer(context, args, &job),
        Scheduler::Cron => install_line(context, args, &job),
    }
}

/// The source of the store's key for the job.
fn key_source(context: &Context<'_>) -> Option<KeySource> {
    let store = context.store().ok().flatten();
    let recorded = store.and_then(|store| store.meta().ok().map(|meta| meta.key_source));
    recorded.or_else(|| context.config.keys.chosen().ok())
}

/// A note if the job cannot get the key in the same way.
fn lacks_of_key(context: &Context<'_>, source: Option<KeySource>) -> Option<&'static str> {
    let is_file = || context.env.path("CONCUR_CRED_KEY_FILE").is_some_and(|path| path.is_file());
    match source {
        Some(KeySource::Environment) => Some(
            "CONCUR_CRED_KEY is not passed on to the job, because it is a secret; without it the \
             job fails. Move the key to a file: concur-cred key set-source file",
        ),
        Some(KeySource::Credential) => Some(
            "the store's key is a systemd credential, which the job does not get. Add it to the \
             job (systemctl --user edit concur-cred-keepalive.service), or run: concur-cred key \
             set-source file",
        ),
        Some(KeySource::NamedFile) if !is_file() => Some(
            "the store's key comes from CONCUR_CRED_KEY_FILE, which names no file here: the job \
             will fail. Set it to a file and install again",
        ),
        Some(KeySource::Command) => Some(
            "the job runs key_command without a terminal: it must print the key without a prompt",
        ),
        _ => None,
    }
}

pub(super) fn uninstall(context: &mut Context<'_>, scheduler: Scheduler) -> Result<u8> {
    refuse_elsewhere(scheduler, Path::new("concur-cred"))?;
    let was_there = match scheduler {
        Scheduler::Systemd => {
            let units = systemd::Units::of(&context.env)?;
            units.check()?;
            let are_there = units.are_there();
            if are_there {
                // It may not be active, or systemd not running: the files are removed anyway.
                let _ = systemd::systemctl(&["disable", "--now", systemd::TIMER]);
                units.remove()?;
                let _ = systemd::systemctl(&["daemon-reload"]);
            }
            are_there
        }
        Scheduler::Cron => {
            let before = cron::read()?;
            let after = cron::with(&before, None);
            if after != before {
                cron::write(&after)?;
            }
            after != before
        }
    };
    context.note(if was_there { "the job was removed" } else { "there was no such job" });
    Ok(0)
}

fn job(
    context: &Context<'_>,
    args: &Keepalive,
    program: &Path,
    source: Option<KeySource>,
) -> Result<Job> {
    let mut arguments = Vec::new();
    if let Some(profile) = &context.global.profile {
        arguments.extend(["--profile".to_owned(), profile.to_string()]);
    }
    if let Some(config) = &context.global.config {
        arguments.extend(["--config".to_owned(), timer::absolute(config)?]);
    }
    arguments.push("keepalive".to_owned());
    if let Some(after) = args.after {
        arguments.extend(["--after".to_owned(), format!("{after}s")]);
    }
    let mut variables = Vec::new();
    for name in PATHS_PASSED_ON {
        if let Some(path) = context.env.path(name) {
            variables.push((name.to_owned(), timer::absolute(&path)?));
        }
    }
    // The job does not know a home that differs from the password database's.
    if let (Some(home), false) = (context.env.path("HOME"), context.env.is_set("CONCUR_CRED_HOME"))
    {
        variables.push(("HOME".to_owned(), timer::absolute(&home)?));
    }
    for name in PASSED_ON {
        variables.extend(context.env.setting(name)?.map(|text| (name.to_owned(), text)));
    }
    let runs_command = source == Some(KeySource::Command);
    // The scheduler's PATH is shorter, and may not contain the key command.
    variables.extend(
        context.env.text("PATH").filter(|_| runs_command).map(|path| ("PATH".to_owned(), path)),
    );
    let reads = [
        context.config_file(),
        context.env.path("CONCUR_CRED_KEY_FILE"),
        context.config.http.ca_bundle.clone(),
        context.config.http.client_cert(),
    ];
    let is_kept_out = reads.iter().flatten().any(|path| files::is_of_another_user(path));
    // A key command may write anywhere: gpg locks its folder.
    let writes_only_to = if is_kept_out || runs_command {
        None
    } else {
        Some(timer::absolute(context.need_paths()?.state_dir())?)
    };
    let mut minute = [0];
    random::fill(&mut minute)?;
    Ok(Job {
        program: timer::absolute(program)?,
        arguments,
        variables,
        writes_only_to,
        minute: minute[0] % 60,
        jitter_secs: args.jitter.unwrap_or(DEFAULT_JITTER_SECS),
    })
}

fn install_timer(context: &mut Context<'_>, args: &Keepalive, job: &Job) -> Result<u8> {
    let units = systemd::Units::of(&context.env)?;
    let (service, timer) = (systemd::service(job)?, systemd::timer(job));
    if args.print {
        let text = format!(
            "# {}\n{service}\n# {}\n{timer}",
            units.service().display(),
            units.timer().display()
        );
        context.answer(text.as_bytes())?;
        return Ok(0);
    }
    units.check()?;
    units.write(&service, &timer)?;
    context.note(&format!("written: {}", units.service().display()));
    context.note(&format!("written: {}", units.timer().display()));
    let enabled = systemd::systemctl(&["daemon-reload"])
        .and_then(|()| systemd::systemctl(&["enable", "--now", systemd::TIMER]));
    enabled.map_err(|(kind, why)| {
        Error::new(
            kind,
            format!("The timer is written but not enabled yet ({why})"),
            format!(
                "Run: systemctl --user daemon-reload && systemctl --user enable --now {}",
                systemd::TIMER
            ),
        )
    })?;
    context.note("the timer runs; to run it also while you are logged out: loginctl enable-linger");
    Ok(0)
}

fn install_line(context: &mut Context<'_>, args: &Keepalive, job: &Job) -> Result<u8> {
    let line = cron::line(job)?;
    if args.print {
        context.answer(format!("{line}\n").as_bytes())?;
        return Ok(0);
    }
    let before = cron::read()?;
    cron::write(&cron::with(&before, Some(&line)))?;
    context.note(&format!("in your crontab: {line}"));
    context.note("cron mails failures, if the machine can send mail");
    Ok(0)
}

/// A platform without both has its own scheduler.
fn refuse_elsewhere(scheduler: Scheduler, program: &Path) -> Result<()> {
    let program = shell_word(program);
    let (name, remedy) = match std::env::consts::OS {
        "macos" => (
            "launchd",
            format!(
                "Make a launchd agent in ~/Library/LaunchAgents whose ProgramArguments are \
                 {program} and keepalive, with a StartCalendarInterval, and load it with launchctl."
            ),
        ),
        "windows" => (
            "the Task Scheduler",
            format!(
                "Run: schtasks /Create /SC DAILY /ST 03:17 /TN concur-cred-keepalive /TR \
                 \"\\\"{program}\\\" keepalive\""
            ),
        ),
        "linux" => return Ok(()),
        _ if scheduler == Scheduler::Cron => return Ok(()),
        _ => ("cron", "Run: concur-cred keepalive --install cron".to_owned()),
    };
    let wanted = match scheduler {
        Scheduler::Systemd => "systemd",
        Scheduler::Cron => "cron",
    };
    Err(Error::new(
        Kind::Usage,
        format!("This platform uses {name} instead of {wanted}, which concur-cred cannot set up"),
        remedy,
    ))
}
