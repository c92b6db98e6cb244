//! Network disks: reported by commands that store secrets and by doctor; never on a hit.

use super::support::timed;
use crate::harness::{Run, World, skipped};

/// A simulated NFS disk (debug builds only), because mounting a real one needs a server.
fn on_nfs(run: Run) -> Run {
    run.env("CONCUR_CRED_TEST_FS_TYPE", "6969")
}

#[test]
fn only_login_and_doctor_report_a_network_disk() {
    let world = World::new();
    world.write("credentials.json", world.sandbox.credentials_json());
    let origin = world.sandbox.origin().to_owned();
    let login = || on_nfs(timed(&world, &["login", "--base-url", &origin]));
    let output = login().ok();
    let said = output.stderr.matches("is on NFS").count();
    assert_eq!(said, 1, "{output:?}");
    assert!(output.stderr.contains("Move it to a local disk: set CONCUR_CRED_HOME"), "{output:?}");
    assert!(!login().arg("--quiet").ok().stderr.contains("NFS"));
    let doctor = on_nfs(timed(&world, &["doctor", "--offline"])).ok();
    assert!(doctor.text().contains("warn  surroundings"), "{doctor:?}");
    assert_eq!(doctor.text().matches("is on NFS").count(), 1, "{doctor:?}");
    on_nfs(timed(&world, &["get"])).ok().silent();
    world.expire("default");
    on_nfs(timed(&world, &["get"])).ok().silent();
    let entry = "protocol=https\nhost=h\nusername=u\npassword=p\n\n";
    on_nfs(timed(&world, &["store"])).stdin(entry).ok().silent();
    on_nfs(timed(&world, &["keepalive"])).ok().silent();
    // And a disk of this machine is not.
    let doctor = timed(&world, &["doctor", "--offline"]).env("CONCUR_CRED_TEST_FS_TYPE", "ef53");
    assert!(!doctor.ok().text().contains("surroundings"));
}

/// Lays a folder over another one by a file system of another program's, and takes it away again.
const OVER: &str = "bindfs \"$0\" \"$1\" || exit 99; home=$1; shift; \"$@\"; code=$?; \
                    umount \"$home\"; exit $code";

#[test]
fn a_fuse_disk_is_recognised_by_its_file_system_type() {
    let world = World::logged_in();
    let real = world.work().join("real");
    std::fs::rename(world.home(), &real).unwrap();
    std::fs::create_dir(world.home()).unwrap();
    let over = |args: &[&str]| {
        let run = world.run("unshare", ["-rm", "sh", "-c", OVER]).arg(&real).arg(world.home());
        args.iter().fold(run.arg(crate::harness::BINARY), Run::arg)
    };
    let doctor = over(&["doctor", "--offline"]).output();
    if doctor.code == Some(99) || doctor.stderr.starts_with("unshare: ") {
        return skipped("no FUSE in a namespace here, or no bindfs");
    }
    assert!(doctor.text().contains("is on FUSE"), "{doctor:?}");
    over(&["get"]).ok().silent();
}
