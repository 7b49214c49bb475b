//! The programs in the README are files that run: what is shown is what is tested.

use std::path::Path;
use std::process::Command;

#[test]
fn programs_of_the_readme_are_the_files_that_they_name() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let readme = std::fs::read_to_string(root.join("README.md")).expect("there is a README");
    let mut programs = 0;
    for part in readme.split("<!-- copied from ").skip(1) {
        let (path, rest) = part.split_once(" -->\n").expect("the comment ends");
        let shown = rest
            .strip_prefix("```")
            .and_then(|rest| rest.split_once('\n'))
            .and_then(|(_, rest)| rest.split_once("\n```"))
            .map(|(shown, _)| shown)
            .expect("a program follows the comment");
        let file = std::fs::read_to_string(root.join(path)).expect("the file exists");
        assert_eq!(shown.trim_end(), file.trim_end(), "{path}");
        programs += 1;
    }
    assert_eq!(programs, 3, "one program for each door");
}

#[test]
fn the_quick_start_in_rust_says_what_it_should() {
    let output = Command::new(env!("CARGO"))
        .args([
            "run",
            "--quiet",
            "--package",
            "sansocket",
            "--example",
            "quickstart",
        ])
        .output()
        .expect("cargo runs");
    let said = String::from_utf8_lossy(&output.stdout);
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(
        lines.len(),
        6,
        "{said}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(
        lines[4].ends_with(r#": 42["chat message","hello"]"#),
        "{said}"
    );
    assert!(lines[5].ends_with(r#": 430["saved"]"#), "{said}");
}

#[test]
fn files_that_the_readme_links_to_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let readme = std::fs::read_to_string(root.join("README.md")).expect("there is a README");
    let mut missing = Vec::new();
    for link in readme.split("](").skip(1) {
        let target = link.split([')', '#']).next().unwrap_or_default();
        if !target.is_empty() && !target.contains("://") && !root.join(target).exists() {
            missing.push(target.to_owned());
        }
    }
    assert_eq!(missing, Vec::<String>::new());
}
