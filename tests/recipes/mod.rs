//! The pages of `docs/recipes/` run, with the sandbox in Concur's place: the very text is what runs.

mod recipe;

mod containers;
mod extract;
mod github;
mod index;
mod jobs;
mod moving;
mod scripts;
mod systemd;
