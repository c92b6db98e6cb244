//! Links that people paste: of a one-time password's mail, and of the App Center. Never as an argument.
#![cfg(target_os = "linux")]

use super::support::{EMAIL, assert_nowhere, status, world_with_user, write_application};
use crate::harness::terminal::Terminal;
use crate::harness::{World, skipped};

fn start(world: &World, args: &str) -> Option<Terminal> {
    let terminal = Terminal::login(world, args);
    if terminal.is_none() {
        skipped("there is no script(1) to make a terminal with");
    }
    terminal
}

#[test]
fn a_pasted_mail_link_contains_the_one_time_password() {
    for link in [
        "https://vendor.example/login?token=OTP",
        "https://vendor.example/login&token=OTP",
        "<https://vendor.example/login?lang=en&amp;token=OTP#top>",
    ] {
        let world = world_with_user();
        let Some(mut terminal) = start(&world, "--grant otp") else { return };
        terminal.wait_for("E-mail address of the user: ");
        terminal.answer(EMAIL);
        terminal.wait_for("One-time password (not shown): ");
        terminal.answer_unseen("https://vendor.example/login");
        let message = terminal.wait_for("One-time password (not shown): ");
        assert!(message.contains("contains no one-time password"), "{message}");
        let otp = world.sandbox.sent_otp(EMAIL).unwrap();
        terminal.answer_unseen(&link.replace("OTP", &otp));
        let (code, shown) = terminal.end();
        assert_eq!(code, Some(0), "{shown}");
        assert_nowhere(&world, &shown, &[&otp]);
        assert_eq!(world.token_requests(), 1, "the link without one was not sent");
        assert_eq!(world.sandbox.violations(), [""; 0]);
    }
}

#[test]
fn a_pasted_app_center_url_contains_company_and_request_token() {
    for address in [
        "https://vendor.example/connect?id=ID&requestToken=TOKEN&userId=7",
        "'https://vendor.example/connect?userId=7&requestToken=TOKEN&id=ID'",
    ] {
        let world = World::new();
        let app = world.sandbox.app().clone();
        write_application(&world);
        let Some(mut terminal) = start(&world, "--grant company") else { return };
        terminal.wait_for("Company UUID: ");
        terminal.answer_unseen("https://vendor.example/connect?requestToken=half-of-it");
        let message = terminal.wait_for("Company UUID: ");
        assert!(message.contains("contains no id with a requestToken"), "{message}");
        let address = address.replace("ID", &app.company_uuid);
        terminal.answer_unseen(&address.replace("TOKEN", &app.request_token));
        let (code, shown) = terminal.end();
        assert_eq!(code, Some(0), "{shown}");
        assert_nowhere(&world, &shown, &[&app.request_token, "half-of-it"]);
        assert_eq!(status(&world)["company_uuid"], app.company_uuid.as_str());
        world.concur(["get"]).ok().silent();
    }
}

#[test]
fn a_pasted_url_for_another_company_is_refused() {
    let world = World::new();
    let app = world.sandbox.app().clone();
    write_application(&world);
    let other = world.sandbox.add_company();
    let Some(mut terminal) = start(&world, "--grant company") else { return };
    terminal.wait_for("Company UUID: ");
    terminal.answer(&app.company_uuid);
    let address =
        |id: &str| format!("https://v.example/?id={id}&requestToken={}", app.request_token);
    terminal.wait_for("request token (not shown): ");
    terminal.answer_unseen(&address(&other.company_uuid));
    let message = terminal.wait_for("request token (not shown): ");
    assert!(message.contains("another company"), "{message}");
    terminal.answer_unseen(&address(&app.company_uuid.to_uppercase()));
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
    assert_nowhere(&world, &shown, &[&app.request_token]);
    assert!(shown.contains(&app.company_uuid), "{shown}");
}

#[test]
fn a_link_as_an_argument_is_refused_and_not_shown() {
    let world = World::logged_in();
    let before = world.token_requests();
    let secret = "3fd2a1b4-8c1e-4a43-9d6a-5b8f3f3f0001";
    for link in [
        format!("https://vendor.example/?id=1&requestToken={secret}"),
        format!("https://us2.api.concursolutions.com/login&token={secret}"),
    ] {
        for args in [
            &["login"][..],
            &["login", "--base-url"],
            &["login", "--credentials"],
            &["login", "--grant", "otp"],
            &["login", "--grant", "browser", "--redirect-uri"],
            &["login", "--profile"],
            &["import"],
            &["import", "--base-url"],
            &["import", "--credentials"],
            &["--config", "login"],
            &["init"],
            &["export"],
            &["use"],
        ] {
            let mut run = world.concur(args);
            if args[0] == "--config" {
                run = world.concur(["status", "--config"]);
            }
            let output = run.arg(&link).output().code(2);
            assert!(!output.stderr.contains(secret), "{output:?}");
            assert!(output.stdout.is_empty(), "{output:?}");
            if args[0] == "login" {
                assert!(
                    output.stderr.contains("paste it at the prompt of concur-cred login"),
                    "{output:?}"
                );
            }
        }
    }
    assert_eq!(world.token_requests(), before);
    // A password of another form is not refused.
    let link = format!("https://vendor.example/?token={secret}");
    world.concur(["exec", "--", "echo"]).arg(&link).ok();
}
