//! One refresh in every situation: decisions, herds of callers, the company grant, and answers that
//! must not be lost.

mod another_principal;
mod audit;
mod back_off;
mod code_16;
mod cost;
mod decide;
mod herd;
#[cfg(target_os = "linux")]
mod interrupted;
mod migrated;
#[cfg(target_os = "linux")]
mod pending_grant;
mod redirects;
mod refusals;
mod trouble;

/// Checks every row at the same time, in a world of its own each: most of the time is spent waiting.
fn each<T: Send>(rows: impl IntoIterator<Item = T>, check: impl Fn(T) + Sync) {
    let check = &check;
    std::thread::scope(|scope| {
        for row in rows {
            scope.spawn(move || check(row));
        }
    });
}
