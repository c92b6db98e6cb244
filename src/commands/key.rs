//! `key`: shows, moves and replaces the store's key.

mod shown;

use std::path::Path;

use crate::auth::refresh::Refresher;
use crate::cli::{Key as Args, KeyAction, KeyRotate, KeySetSource};
use crate::error::{Error, Kind, Result};
use crate::store::Store;
use crate::store::audit::Event;
use crate::store::keys::fault::KeyPlace;
use crate::store::keys::rotation::Resealed;
use crate::store::keys::{Key, KeySource};
use crate::store::lock::KeyLock;
use crate::sys::files::{self, shell_word};
use crate::sys::{failpoint, streams};
use crate::ui::context::Context;

pub(super) fn run(context: &mut Context<'_>, args: &Args) -> Result<u8> {
    match &args.action {
        KeyAction::ShowSource(args) => shown::run(context, args),
        KeyAction::SetSource(args) => set_source(context, args),
        KeyAction::Rotate(args) => rotate(context, args),
    }
}

/// The store, if there is one.
fn store(context: &Context<'_>) -> Result<Option<Store>> {
    context.need_paths()?;
    let Some(store) = context.store()? else { return Ok(None) };
    if store.is_blank()? {
        return Ok(None);
    }
    store.bring_up_to_date()?;
    Ok(Some(store))
}

/// The store and its key's lock; an unfinished rotation is completed.
fn to_change(context: &mut Context<'_>) -> Result<(Store, KeyLock)> {
    let mut store = store(context)?.ok_or_else(|| {
        Error::new(
            Kind::NotFound,
            "There is no store yet, and so no key",
            "The first login takes the key from key_source: concur-cred login",
        )
    })?;
    let lock = KeyLock::take(store.paths(), context.config.lock_timeout)?;
    failpoint::pass("rotation-locked");
    if store.finish_rotation(&lock)? {
        context.note("finished a rotation that was interrupted before its last step");
    }
    Ok((store, lock))
}

fn rotate(context: &mut Context<'_>, args: &KeyRotate) -> Result<u8> {
    let (mut store, lock) = to_change(context)?;
    let source = store.meta()?.key_source;
    let resealed = match (&args.old_key_file, source) {
        (Some(file), _) => to_the_sources_key(context, &mut store, &lock, file)?,
        (None, KeySource::File) => Some(to_a_new_file(context, &mut store, &lock)?),
        (None, source) => return Err(not_ours_to_write(source, &store, context)),
    };
    let Some(resealed) = resealed else {
        context.note("the store is sealed with this key already; nothing was changed");
        return Ok(0);
    };
    end(context, &store);
    tell(context, &resealed);
    context.note(
        "older backups of the store still open with the old key; if one was stolen with it, revoke the tokens: \
         concur-cred logout --revoke, then log in again",
    );
    audit(context, "key rotate", "new key", &resealed);
    Ok(0)
}

/// Replaces the key file's key by a random one, which is durable before anything is sealed with it, and
/// replaces the old one after the commit.
fn to_a_new_file(context: &mut Context<'_>, store: &mut Store, lock: &KeyLock) -> Result<Resealed> {
    let old = store.present_key()?;
    let locks = Refresher::with(context, |refresher| refresher.every_lock(store))?;
    failpoint::pass("records-locked");
    let new = store.make_next_key(lock)?;
    let resealed =
        Refresher::with(context, |refresher| refresher.reseal(store, lock, locks, &old, &new));
    let resealed = resealed.inspect_err(|_| store.discard_next_key(&new, lock))?;
    store.put_in_place(&new, lock).map_err(Error::from).map_err(|error| {
        Error::new(
            error.kind(),
            format!(
                "The store is sealed with a new key, which is still in {}: {}",
                store.paths().next_key_file().display(),
                error.problem()
            ),
            "Everything works; the next refresh or login moves it to the key file.",
        )
    })?;
    failpoint::pass("key-renamed");
    Ok(resealed)
}

/// Replaces the key in `file` by the one that the source has now. `None`: it is the store's already.
fn to_the_sources_key(
    context: &mut Context<'_>,
    store: &mut Store,
    lock: &KeyLock,
    file: &Path,
) -> Result<Option<Resealed>> {
    let new = store.key_of_source()?;
    if store.is_sealed_with(&new.key)? {
        return Ok(None);
    }
    let old = read_key(context, file)?;
    if !store.is_sealed_with(&old)? {
        return Err(Error::new(
            Kind::Unusable,
            format!("{} is not the key that the store is sealed with", file.display()),
            "Name the file of the old key; nothing was changed.",
        ));
    }
    store.use_key(&old);
    let locks = Refresher::with(context, |refresher| refresher.every_lock(store))?;
    failpoint::pass("records-locked");
    Refresher::with(context, |refresher| refresher.reseal(store, lock, locks, &old, &new)).map(Some)
}

fn read_key(context: &mut Context<'_>, file: &Path) -> Result<Key> {
    if file == Path::new("-") {
        let name = Path::new("stdin");
        let bytes = files::read_bounded(&mut streams::stdin(), name)?;
        return Ok(Key::given(&bytes, name, KeyPlace::OldOnStdin)?);
    }
    let named = files::read_named(file)?;
    if let Some(warning) = named.warning.as_ref().filter(|_| !context.env.is_credential(file)) {
        context.warn(warning);
    }
    Ok(Key::of_file(&named.bytes, file)?)
}

fn not_ours_to_write(source: KeySource, store: &Store, context: &Context<'_>) -> Error {
    let place = source.describe(store.paths(), &context.config.keys);
    Error::new(
        Kind::Usage,
        format!(
            "The key comes from {place}, which concur-cred does not write; nothing was changed"
        ),
        "Save the current key in FILE, put a new one into that source, and run: concur-cred key \
         rotate --old-key-file FILE",
    )
}

fn set_source(context: &mut Context<'_>, args: &KeySetSource) -> Result<u8> {
    let (mut store, lock) = to_change(context)?;
    let (target, recorded) = (KeySource::from(args.source), store.meta()?.key_source);
    let place = target.describe(store.paths(), &context.config.keys);
    if target == recorded {
        store.prove_key()?;
        context.note(&format!("the store's key comes from {place} already; nothing was changed"));
        return Ok(0);
    }
    // A key file is created only if the store can be sealed with its key.
    let makes_file = target == KeySource::File && !store.paths().key_file().exists();
    let mut old = makes_file.then(|| store.present_key()).transpose()?;
    let new = store.key_from(target)?;
    let resealed = if store.is_sealed_with(&new.key)? {
        // The same key: the previous source is not needed, and may not exist any more.
        store.set_key_source(&lock, target)?;
        Resealed::default()
    } else {
        let old = old.take().map_or_else(|| store.present_key(), Ok)?;
        let locks = Refresher::with(context, |refresher| refresher.every_lock(&mut store))?;
        failpoint::pass("records-locked");
        Refresher::with(context, |refresher| {
            refresher.reseal(&mut store, &lock, locks, &old, &new)
        })?
    };
    end(context, &store);
    context.note(&format!("the store's key comes from {place} from now on"));
    tell(context, &resealed);
    if recorded == KeySource::File {
        let file = store.paths().key_file();
        context.note(&format!(
            "{} is not used any more; if no backup of the store needs it: rm {}",
            file.display(),
            shell_word(&file)
        ));
    }
    if let Some((asked, by)) = context.config.keys.asked()?.filter(|(asked, _)| *asked != target) {
        context.note(&format!("{by} names {}, which applies only to a new store", asked.name()));
    }
    audit(context, "key set-source", target.name(), &resealed);
    Ok(0)
}

/// Removes everything sealed with the old key, beside the store and in it.
fn end(context: &Context<'_>, store: &Store) {
    store.remove_cache();
    failpoint::pass("cache-gone");
    store.drop_old_cells();
    if context.paths.is_some() {
        store.leave_cache();
    }
}

fn tell(context: &mut Context<'_>, resealed: &Resealed) {
    let Resealed { cells, left } = resealed;
    if *cells > 0 {
        let what = if *cells == 1 { "secret is" } else { "secrets are" };
        context.note(&format!("{cells} {what} sealed with the new key"));
    }
    for cell in left {
        context.note(&format!("{cell} did not open and is left as it was: log in again"));
    }
}

fn audit(
    context: &mut Context<'_>,
    action: &str,
    outcome: &str,
    Resealed { cells, left }: &Resealed,
) {
    let detail = match (cells, left.len()) {
        (0, 0) => None,
        (cells, 0) => Some(format!("{cells} secrets sealed with the new key")),
        (cells, left) => {
            Some(format!("{cells} secrets sealed with the new key, {left} did not open"))
        }
    };
    context.audit(Event {
        at: context.now(),
        action: action.to_owned(),
        outcome: outcome.to_owned(),
        detail,
        ..Event::default()
    });
}
