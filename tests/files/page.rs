//! docs/security.md lists every file of the table.

use std::collections::BTreeSet;

use super::places;

#[test]
fn the_page_has_exactly_one_row_for_every_file() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/security.md");
    let page = std::fs::read_to_string(page).unwrap();
    let chapter = page.split("\n## Files\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows = chapter.lines().filter(|line| line.starts_with("| `"));
    let cells = rows.map(|row| row.split('|').nth(1).unwrap());
    let documented: BTreeSet<&str> =
        cells.flat_map(|cell| cell.split(',')).map(|name| name.trim().trim_matches('`')).collect();
    let every = places::every();
    let tested: BTreeSet<&str> = every.iter().map(|place| place.name).collect();
    assert_eq!(documented, tested);
}
