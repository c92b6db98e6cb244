use concur_sandbox::{Config, GrantType, Sandbox, User};

use crate::http::{Reply, form_request, post, refresh, send};

const EMAIL: &str = "erika@example.com";

fn sandbox() -> Sandbox {
    let config = Config { user: Some(User::made_up(EMAIL)), ..Config::default() };
    let sandbox = Sandbox::start(config).unwrap();
    sandbox.configure(|config| config.allowed_grants.push(GrantType::Otp));
    sandbox
}

/// The form that asks for a one-time password.
fn otp_form<'a>(sandbox: &'a Sandbox, email: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("client_id", sandbox.app().client_id.as_str()),
        ("client_secret", &sandbox.app().client_secret),
        ("channel_type", "email"),
        ("channel_handle", email),
    ]
}

fn ask(sandbox: &Sandbox, form: &[(&str, &str)]) -> Reply {
    send(sandbox, &form_request("/oauth2/v0/otp", form))
}

fn sent(sandbox: &Sandbox) -> String {
    let reply = ask(sandbox, &otp_form(sandbox, EMAIL));
    assert_eq!(reply.field("message"), "otp sent", "{reply:?}");
    sandbox.sent_otp(EMAIL).unwrap()
}

fn log_in(sandbox: &Sandbox, otp: &str) -> Reply {
    let mut form = otp_form(sandbox, EMAIL);
    form.extend([("grant_type", "otp"), ("otp", otp)]);
    post(sandbox, &form)
}

#[test]
fn a_one_time_password_works_once() {
    let sandbox = sandbox();
    let otp = sent(&sandbox);
    let reply = log_in(&sandbox, &otp);
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(refresh(&sandbox, &reply.field("refresh_token")).status, 200);
    assert_eq!(log_in(&sandbox, &otp).code(), 83, "it is valid for one login");
    assert_eq!(sandbox.counters().otps_sent, 1);
    assert_eq!(sandbox.violations(), Vec::<String>::new());
}

#[test]
fn wrong_and_expired_passwords_have_different_codes() {
    let sandbox = sandbox();
    assert_eq!(log_in(&sandbox, "12345678").code(), 83, "none was sent");
    let otp = sent(&sandbox);
    assert_eq!(log_in(&sandbox, "wrong").code(), 85);
    sandbox.expire_otps();
    assert_eq!(log_in(&sandbox, &otp).code(), 83);
    sandbox.configure(|config| config.otp_lifetime_seconds = 0);
    assert_eq!(ask(&sandbox, &otp_form(&sandbox, EMAIL)).status, 200);
    assert_eq!(log_in(&sandbox, &otp).code(), 83);
}

#[test]
fn each_field_of_the_request_is_checked() {
    let sandbox = sandbox();
    let whole = otp_form(&sandbox, EMAIL);
    let with = |name: &'static str, value: &'static str| -> Vec<(&str, &str)> {
        let others = whole.iter().copied().filter(|(field, _)| *field != name);
        others.chain([(name, value)]).collect()
    };
    for (name, value, code) in [
        ("client_id", "", 62),
        ("client_secret", "", 63),
        ("client_id", "nobody", 61),
        ("client_secret", "wrong", 64),
        ("channel_type", "", 57),
        ("channel_handle", "", 58),
        ("channel_type", "sms", 80),
        ("channel_handle", "not an address", 81),
        ("channel_handle", "otto@example.com", 55),
        ("name", "otto@example.com", 84),
    ] {
        assert_eq!(ask(&sandbox, &with(name, value)).code(), code, "{name}={value}");
    }
    assert_eq!(sandbox.sent_otp(EMAIL), None);
    assert_eq!(log_in(&sandbox, "").code(), 56);
    assert!(sandbox.violations().is_empty());
    assert_eq!(ask(&sandbox, &with("colour", "blue")).status, 200);
    assert_eq!(sandbox.violations().len(), 1, "an undocumented field is noticed");
}

#[test]
fn open_passwords_are_limited_and_an_app_without_the_grant_gets_none() {
    let sandbox = sandbox();
    for _ in 0..3 {
        sent(&sandbox);
    }
    assert_eq!(ask(&sandbox, &otp_form(&sandbox, EMAIL)).code(), 82);
    sandbox.expire_otps();
    sent(&sandbox);
    sandbox.configure(|config| config.allowed_grants.retain(|grant| *grant != GrantType::Otp));
    let refused = ask(&sandbox, &otp_form(&sandbox, EMAIL));
    assert_eq!((refused.status, refused.code()), (403, 60));
}

#[test]
fn a_user_of_another_data_centre_gets_code_16() {
    let sandbox = sandbox();
    sandbox.configure(|config| config.lives_elsewhere = Some("http://127.0.0.1:9".to_owned()));
    let reply = ask(&sandbox, &otp_form(&sandbox, EMAIL));
    assert_eq!((reply.code(), reply.field("geolocation").as_str()), (16, "http://127.0.0.1:9"));
    assert_eq!(log_in(&sandbox, "x").code(), 16);
}

#[test]
fn name_company_and_link_of_the_request_must_be_repeated_with_the_password() {
    let details = [("name", EMAIL), ("company", "Example"), ("link", "https://vendor.example/")];
    for left_out in [None, Some("name"), Some("company"), Some("link")] {
        let sandbox = sandbox();
        let mut form = otp_form(&sandbox, EMAIL);
        form.extend(details);
        assert_eq!(ask(&sandbox, &form).status, 200);
        let otp = sandbox.sent_otp(EMAIL).unwrap();
        form.retain(|(name, _)| Some(*name) != left_out);
        form.extend([("grant_type", "otp"), ("otp", &otp)]);
        let reply = post(&sandbox, &form);
        match left_out {
            None => assert_eq!(reply.status, 200, "{reply:?}"),
            Some(name) => assert_eq!(reply.code(), 84, "{name}: {reply:?}"),
        }
    }
}
