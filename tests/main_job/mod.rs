//! The main job, end to end: the steps of the tutorial with the real binary.

mod cache;
mod support;

#[cfg(unix)]
mod cache_races;
mod credentials_files;
mod damaged_store;
mod edited_store;
mod emptied_store;
mod environment;
mod erased;
mod escaping;
#[cfg(target_os = "linux")]
mod escaping_data;
mod export_files;
mod first_runs;
mod flow;
mod full_disk;
#[cfg(target_os = "linux")]
mod hanging_programs;
#[cfg(target_os = "linux")]
mod hostile_store;
mod import_any;
mod import_copies;
mod import_export;
mod keepalive;
#[cfg(target_os = "linux")]
mod keepalive_timers;
mod keys;
mod moves;
#[cfg(target_os = "linux")]
mod no_hard_links;
mod no_store;
mod nonblocking;
mod permissions;
mod profiles;
mod progress;
mod prompts;
mod secrets;
mod service_answers;
mod service_encodings;
mod service_endings;
mod service_grants;
mod service_lifetimes;
mod service_lost;
mod service_refusals;
#[cfg(unix)]
mod status_agreement;
mod status_check;
#[cfg(target_os = "linux")]
mod status_glance;
mod status_screen;
mod status_unknown;
mod streams;
mod tls;
