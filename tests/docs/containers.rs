//! docs/containers.md and the Dockerfile: the names in them are those of the program and of each other.

use concur_cred::VARIABLES;

use super::pages::{page, path, words};

const DOCKERFILE: &str = "examples/container/Dockerfile";

/// The words after an instruction, line by line.
fn lines<'p>(text: &'p str, instruction: &str) -> Vec<&'p str> {
    let lines = text.lines().filter_map(|line| line.strip_prefix(instruction)?.strip_prefix(' '));
    lines.map(str::trim).collect()
}

fn settings(text: &str) -> Vec<(&str, &str)> {
    let settings = lines(text, "ENV").into_iter();
    settings.map(|setting| setting.split_once('=').unwrap()).collect()
}

#[test]
fn the_dockerfile_names_existing_files_and_variables() {
    let text = page(DOCKERFILE);
    let settings = settings(&text);
    assert_eq!(settings.len(), 2, "{settings:?}");
    for (variable, _) in &settings {
        assert!(VARIABLES.contains(variable), "{variable}");
    }
    assert!(path("scripts/release-build").exists() && text.contains("$(scripts/release-build)"));
    let [entry] = lines(&text, "ENTRYPOINT")[..] else { panic!("one entry point") };
    let program: Vec<String> = serde_json::from_str(entry).unwrap();
    assert!(text.contains(&format!("/image{}", program[0])), "it is where it was put");
    let [volume] = lines(&text, "VOLUME")[..] else { panic!("one volume") };
    assert!(text.contains(&format!("-m 1777 /image{volume}")), "any user may make a folder there");
    let (_, home) = settings[0];
    assert!(
        home.strip_prefix(volume).is_some_and(|rest| rest.starts_with('/')),
        "a folder of one's own"
    );
    let [user] = lines(&text, "USER")[..] else { panic!("one user") };
    assert!(user.split(':').all(|id| id.parse::<u32>().is_ok_and(|id| id > 0)), "{user} by number");
    assert_eq!(lines(&text, "FROM").last(), Some(&"scratch"));
}

#[test]
fn the_page_mounts_what_the_dockerfile_names() {
    let text = page("docs/containers.md");
    for (variable, value) in settings(&page(DOCKERFILE)) {
        assert!(text.contains(&format!("`{variable}`")), "{variable} is explained");
        assert!(text.contains(&format!("{variable}={value}")), "{variable} in another image");
        assert!(
            text.contains(&format!(":{value}")) || text.contains(&format!("`{value}`")),
            "{value}"
        );
    }
    let ours = |word: &&&str| word.starts_with("CONCUR_CRED_");
    let is_name = |c: char| c.is_ascii_uppercase() || c == '_';
    for variable in words(&text, is_name).iter().filter(ours) {
        assert!(VARIABLES.contains(variable), "{variable}");
    }
}
