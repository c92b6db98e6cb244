//! Files under attack: planted before, swapped meanwhile, in folders of others, on disks that cannot be
//! written, and by a second user of the machine.
mod support;

mod attack;
mod folders;
mod modes;
mod page;
mod pipes;
mod places;
mod planted;
mod races;
mod read_only;
mod traced;
mod two_users;
mod users;
mod volumes;
