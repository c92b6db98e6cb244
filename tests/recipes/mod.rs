//! Runs the text of the pages of `docs/recipes/`, with the sandbox in place of Concur.

mod recipe;

mod containers;
mod extract;
mod github;
mod index;
mod jobs;
mod moving;
mod programs;
mod scripts;
mod systemd;
