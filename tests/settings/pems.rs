//! PEM files in practice: each block of `ca_bundle` and `client_cert` is read, or refused by its name.

use std::process::Command;

use concur_sandbox::{Config, Rotation, Sandbox, Tls};

use crate::harness::{Run, World};

const CA: &str = "CONCUR_CRED_CA_BUNDLE";
const CERT: &str = "CONCUR_CRED_CLIENT_CERT";

/// A world whose service asks for a certificate, and in which `login` has made a profile.
fn world() -> World {
    let tls = Some(Tls { wants_client: true, ..Tls::default() });
    let config = Config { tls, rotation: Rotation::NewRevokeFamily, ..Config::default() };
    let world = World::with(config);
    world.write("ca.pem", world.sandbox.ca_pem().unwrap());
    world.write("client.pem", world.sandbox.client_pem().unwrap());
    let file = world.write("credentials.json", world.sandbox.credentials_json());
    let args = ["login", "--base-url", world.sandbox.origin(), "--credentials"];
    with(&world, world.concur(args).arg(file)).ok();
    world
}

fn with(world: &World, run: Run) -> Run {
    run.env(CA, world.work().join("ca.pem")).env(CERT, world.work().join("client.pem"))
}

/// Refreshes with this file for one of the two.
fn refresh(world: &World, name: &str, content: &[u8]) -> Run {
    let file = world.write("given.pem", content);
    with(world, world.concur(["refresh"])).env(name, file)
}

fn refused(world: &World, name: &str, content: &[u8], why: &str) {
    let requests = world.token_requests();
    let output = refresh(world, name, content).fails(6).says("given.pem").says(why);
    assert_eq!(world.token_requests(), requests, "nothing was sent");
    let lines = String::from_utf8_lossy(content);
    for line in lines.lines().filter(|line| line.len() > 40) {
        assert!(!output.stderr.contains(line), "no line of the file is quoted\n{output:?}");
    }
    let doctor = with(world, world.concur(["doctor", "--offline"]));
    let doctor = doctor.env(name, world.work().join("given.pem")).output().code(6);
    assert!(doctor.text().contains(why), "{doctor:?}");
}

#[test]
fn every_block_of_a_bundle_is_read_in_any_layout() {
    let world = world();
    let ours = world.sandbox.ca_pem().unwrap();
    let other = Sandbox::start(Config { tls: Some(Tls::default()), ..Config::default() }).unwrap();
    let other = other.ca_pem().unwrap();
    let run_together = format!("{}{ours}", other.trim_end());
    for text in [
        format!("{other}{ours}"),
        run_together.clone(),
        format!("\u{feff}{ours}"),
        format!("\u{feff}{run_together}").replace('\n', "\r\n"),
        ours.replace('\n', "\r"),
        ours.replace('\n', "\n      "),
        format!("# The company's root\nsubject=CN = Company\n{ours}\nEnd of file"),
        format!("text before {ours}text between {other}"),
        ours.replace("CERTIFICATE", "X509 CERTIFICATE"),
        format!("{ours}\n\n{ours}"),
    ] {
        refresh(&world, CA, text.as_bytes()).ok();
    }
}

#[test]
fn a_block_that_is_no_certificate_is_refused_by_name_and_not_skipped() {
    let world = world();
    let ours = world.sandbox.ca_pem().unwrap();
    for label in [
        "TRUSTED CERTIFICATE",
        "PKCS7",
        "CMS",
        "X509 CRL",
        "CERTIFICATE REQUEST",
        "PUBLIC KEY",
        "PRIVATE KEY",
        "ENCRYPTED PRIVATE KEY",
        "OPENSSH PRIVATE KEY",
    ] {
        let block = ours.replace("CERTIFICATE", label);
        for text in [format!("{ours}{block}"), format!("{block}{ours}"), block.clone()] {
            refused(&world, CA, text.as_bytes(), &format!("a block {label},"));
        }
    }
    let unknown = ours.replace("CERTIFICATE", "HUNTER2");
    refused(&world, CA, format!("{ours}{unknown}").as_bytes(), "a block of an unknown kind");
    for (spoilt, why) in [
        (ours.replace("-----END CERTIFICATE-----", ""), "certificate 2 in it is damaged"),
        (ours.replace("MI", "!!"), "certificate 2 in it is damaged"),
        (ours.replace("-----BEGIN", "----BEGIN"), "it contains a damaged block"),
        (ours.replace("-----BEGIN CERTIFICATE-----", ""), "it contains a damaged block"),
        (ours.to_lowercase(), "it contains a damaged block"),
    ] {
        refused(&world, CA, format!("{ours}{spoilt}").as_bytes(), why);
    }
    let wide: Vec<u8> = ours.encode_utf16().flat_map(u16::to_le_bytes).collect();
    refused(&world, CA, &[b"\xff\xfe", &wide[..]].concat(), "UTF-16");
    refused(&world, CERT, &[b"\xff\xfe", &wide[..]].concat(), "UTF-16");
    refused(&world, CA, b"", "it contains no certificate");
}

#[test]
fn certificate_and_key_are_read_in_any_order() {
    let world = world();
    let pem = world.sandbox.client_pem().unwrap();
    let (certificate, key) = pem.split_at(pem.find("-----BEGIN PRIVATE KEY").unwrap());
    for text in [
        format!("{key}{certificate}"),
        format!("{}{key}", certificate.trim_end()),
        format!("\u{feff}{pem}"),
        format!("\u{feff}{pem}").replace('\n', "\r\n"),
        format!("Bag Attributes\n  friendlyName: me\n{certificate}Key Attributes: none\n{key}"),
        pem.replace("CERTIFICATE", "X509 CERTIFICATE"),
        format!(
            "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n{pem}"
        ),
    ] {
        refresh(&world, CERT, text.as_bytes()).ok();
    }
    refused(&world, CERT, format!("{pem}{key}").as_bytes(), "more than one private key");
    for label in ["TRUSTED CERTIFICATE", "PKCS7", "DSA PRIVATE KEY", "OPENSSH PRIVATE KEY"] {
        let text = format!("{certificate}{}", key.replace("PRIVATE KEY", label));
        refused(&world, CERT, text.as_bytes(), &format!("a block {label},"));
    }
}

/// The output of `openssl` for a file; `None`, with a message, if it is not installed.
#[expect(clippy::print_stderr, reason = "for readers of the test's output")]
fn openssl(world: &World, args: &[&str]) -> Option<Vec<u8>> {
    let output = Command::new("openssl").args(args).current_dir(world.work()).output();
    match output {
        Ok(output) if output.status.success() => Some(output.stdout),
        _ => {
            eprintln!("skipped: openssl cannot {args:?}");
            None
        }
    }
}

#[test]
fn what_openssl_writes_is_read_or_refused_by_name() {
    let world = world();
    let pem = world.sandbox.client_pem().unwrap();
    let certificate = &pem[..pem.find("-----BEGIN PRIVATE KEY").unwrap()];
    let with_key = |key: Vec<u8>| [certificate.as_bytes(), &key].concat();
    let of_key = |args: &[&str]| openssl(&world, &[&["pkey", "-in", "client.pem"], args].concat());
    if let Some(key) = of_key(&["-traditional"]) {
        assert!(key.starts_with(b"-----BEGIN EC PRIVATE KEY"));
        refresh(&world, CERT, &with_key(key)).ok();
    }
    if let Some(key) = of_key(&["-text"]) {
        refresh(&world, CERT, &with_key(key)).ok();
    }
    for args in
        [&["-aes256", "-passout", "pass:x"][..], &["-traditional", "-aes256", "-passout", "pass:x"]]
    {
        if let Some(key) = of_key(args) {
            refused(&world, CERT, &with_key(key), "its private key is encrypted");
        }
    }
    let of_ca = |args: &[&str]| openssl(&world, &[&["x509", "-in", "ca.pem"], args].concat());
    if let Some(trusted) = of_ca(&["-trustout"]) {
        refused(&world, CA, &trusted, "a block TRUSTED CERTIFICATE,");
    }
    if let Some(text) = of_ca(&["-text"]) {
        refresh(&world, CA, &text).ok();
    }
    if let Some(binary) = of_ca(&["-outform", "der"]) {
        refused(&world, CA, &binary, "DER");
        refused(&world, CERT, &binary, "DER");
    }
    let export = ["pkcs12", "-export", "-in", "client.pem", "-passout", "pass:x"];
    if let Some(binary) = openssl(&world, &export) {
        refused(&world, CERT, &binary, "PKCS #12");
    }
}
