//! The programs in the README are files that run: what is shown is what is tested.

use std::path::Path;

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
