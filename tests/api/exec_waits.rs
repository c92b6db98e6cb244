//! `exec` where a process cannot be replaced: it waits, and ends as the command ends.

use crate::harness::World;

#[test]
fn exec_ends_with_the_commands_code_of_32_bits() {
    let world = World::logged_in();
    for code in [0, 3, 255, 256, 3000, -1_073_741_510] {
        let run = world.concur(["exec", "--", "cmd", "/c", "exit", &code.to_string()]);
        let _ = run.output().code(code);
    }
}

#[test]
fn the_command_gets_the_token() {
    let world = World::logged_in();
    let token = world.concur(["token"]).ok().line();
    let run = world.concur(["exec", "--", "cmd", "/c", "echo %CONCUR_ACCESS_TOKEN%"]);
    assert_eq!(run.ok().silent().text().trim_end(), token);
}
