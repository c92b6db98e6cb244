//! The error where no profile is stored: a first-timer must log in, and someone whose store is elsewhere
//! must not.

use crate::error::{Error, Kind};
use crate::sys::env::Env;
use crate::sys::paths::Paths;
use crate::sys::user::{self, User};
use crate::ui::context::Context;

/// Names the store, the user and `HOME`, which together decide where profiles are looked for.
pub(crate) fn no_profile(app: &Context<'_>) -> Error {
    let paths = match app.need_paths() {
        Ok(paths) => paths,
        Err(error) => return error,
    };
    let (store, user) = (paths.store(), user::current(&app.env));
    let found = if store.exists() { "holds none" } else { "does not exist" };
    let home = app.env.path("HOME").filter(|_| cfg!(unix));
    let home = home.map_or_else(String::new, |home| format!(", HOME {}", home.display()));
    let problem =
        format!("There is no profile: {} {found} (user {}{home})", store.display(), user.name);
    Error::new(Kind::NotFound, problem, remedy(&app.env, &paths, &user))
}

fn remedy(env: &Env, paths: &Paths, user: &User) -> String {
    let usual = user.home.as_deref().map(|home| (home, Paths::usual_store(home)));
    if let Some((home, store)) =
        usual.filter(|(_, store)| *store != paths.store() && store.exists())
    {
        let set = ["CONCUR_CRED_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"];
        let set: Vec<_> = set.into_iter().filter(|name| env.is_set(name)).collect();
        let without =
            if set.is_empty() { String::new() } else { format!(" and without {}", set.join(", ")) };
        return format!(
            "There is a store in {}: to use it, run this with HOME={}{without}",
            store.display(),
            home.display()
        );
    }
    match env.text("SUDO_USER") {
        Some(caller) if caller != user.name => {
            format!("Profiles belong to one user: to use those of {caller}, run this without sudo")
        }
        _ => "Run: concur-cred login (profiles that another user or HOME made are not seen here)"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_in_the_users_own_home_is_named_with_what_hides_it() {
        let home = tempfile::tempdir().unwrap();
        let user = User { name: "erika".to_owned(), home: Some(home.path().to_owned()) };
        let elsewhere = if cfg!(windows) { "C:/elsewhere" } else { "/elsewhere" };
        let env = Env::fixed([("CONCUR_CRED_HOME", elsewhere)]);
        let paths = Paths::from_env(&env).unwrap();
        assert!(remedy(&env, &paths, &user).starts_with("Run: concur-cred login"));
        let store = Paths::usual_store(home.path());
        std::fs::create_dir_all(store.parent().unwrap()).unwrap();
        std::fs::write(&store, "").unwrap();
        let found = remedy(&env, &paths, &user);
        assert!(found.contains(store.to_str().unwrap()), "{found}");
        assert!(found.ends_with("and without CONCUR_CRED_HOME"), "{found}");
        assert!(found.contains(&format!("HOME={}", home.path().display())), "{found}");
    }
}
