//! Counting instructions and system calls, which do not depend on the machine's load.

use std::ffi::OsString;
use std::fs::read_to_string;
use std::path::PathBuf;

use super::Outcome;
use super::contender::Contender;

/// The first of some files that is there.
fn found(candidates: &[&str]) -> Option<PathBuf> {
    candidates.iter().map(PathBuf::from).find(|path| path.is_file())
}

/// A tool under which programs are run.
pub struct Tool {
    path: PathBuf,
    /// Its Debian package, for the message that it is missing.
    pub package: &'static str,
}

impl Tool {
    fn new(package: &'static str, name: &str) -> Option<Self> {
        let candidates = [format!("/usr/bin/{name}"), format!("/usr/local/bin/{name}")];
        let path = found(&candidates.each_ref().map(String::as_str))?;
        Some(Self { path, package })
    }

    /// Runs a program under it; gives what the tool wrote into the file named by its last argument.
    fn report(&self, args: &[&str], file_flag: &str, contender: &Contender) -> Outcome<String> {
        let file = contender.home().join("report");
        let mut words: Vec<OsString> = vec![self.path.clone().into()];
        words.extend(args.iter().map(OsString::from));
        if file_flag.ends_with('=') {
            words.push(format!("{file_flag}{}", file.display()).into());
        } else {
            words.extend([file_flag.into(), file.clone().into()]);
        }
        contender.under(&words)?;
        let text = read_to_string(&file)?;
        std::fs::remove_file(file)?;
        Ok(text)
    }
}

/// Instructions in user space, by valgrind.
pub struct Callgrind(Tool);

impl Callgrind {
    /// If it is installed.
    pub fn find() -> Option<Self> {
        Tool::new("valgrind", "valgrind").map(Self)
    }

    /// From the first instruction of the loader to the last.
    pub fn instructions(&self, contender: &Contender) -> Outcome<u64> {
        let text =
            self.0.report(&["-q", "--tool=callgrind"], "--callgrind-out-file=", contender)?;
        let total = text.lines().rev().find_map(|line| {
            line.strip_prefix("totals:").or_else(|| line.strip_prefix("summary:"))
        });
        let total = total.and_then(|rest| rest.trim().parse().ok());
        Ok(total.ok_or("callgrind wrote no total")?)
    }
}

/// System calls, by strace.
pub struct Strace(Tool);

impl Strace {
    /// If it is installed.
    pub fn find() -> Option<Self> {
        Tool::new("strace", "strace").map(Self)
    }

    /// The system calls of the process and its children, without the `execve` that starts it and with
    /// the `exit_group` that ends it: each as strace writes it, without the process id.
    pub fn system_calls(&self, contender: &Contender) -> Outcome<Vec<String>> {
        let text = self.0.report(&["-f"], "-o", contender)?;
        let lines = text
            .lines()
            .map(|line| line.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' '));
        let calls = lines.filter(|line| {
            // Ends of processes, signals, and the second half of a call that was written in two.
            !(line.starts_with("+++") || line.starts_with("---") || line.starts_with("<..."))
        });
        Ok(calls.skip(1).map(str::to_owned).collect())
    }
}

/// Memory and page faults, by GNU time.
pub struct Time(Tool);

/// What a process took of the machine.
pub struct Memory {
    /// The most memory that was resident at one time.
    pub peak_kib: u64,
    /// Page faults that needed no reading, with those between fork and exec.
    pub minor_faults: u64,
}

impl Time {
    /// If it is installed.
    pub fn find() -> Option<Self> {
        Tool::new("time", "time").map(Self)
    }

    /// The kernel's account of one run.
    pub fn memory(&self, contender: &Contender) -> Outcome<Memory> {
        let text = self.0.report(&["-f", "%M %R"], "-o", contender)?;
        let mut numbers = text.split_whitespace().map(str::parse);
        match (numbers.next(), numbers.next()) {
            (Some(Ok(peak_kib)), Some(Ok(minor_faults))) => Ok(Memory { peak_kib, minor_faults }),
            _ => Err("time wrote no figures".into()),
        }
    }
}
